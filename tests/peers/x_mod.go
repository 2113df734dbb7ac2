// Judges a log of ours by golang.org/x/mod alone (sumdb/note, sumdb/tlog), as Debian packages it:
//
//	x_mod VKEY-FILE LOG-FOLDER CHECKPOINTS-FOLDER|- < proofs of peer_proofs
//
// The checkpoint opens with the verifier key and not with its tampered twins; every leaf hash, read through TileHashReader
// (which authenticates each tile against the checkpoint's root), is the hash of the bundle's entry; each kept checkpoint is a
// prefix of the last one; every good proof is accepted and every tampered one refused.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error) {
	if err != nil {
		fmt.Println("x/mod:", err)
		os.Exit(1)
	}
}

func check(ok bool, format string, args ...interface{}) {
	if !ok {
		must(fmt.Errorf(format, args...))
	}
}

func read(path string) []byte {
	bytes, err := os.ReadFile(path)
	must(err)
	return bytes
}

// open verifies a checkpoint's signature and takes origin, size and root out of its text.
func open(bytes []byte, verifier note.Verifier) (tlog.Tree, error) {
	found, err := note.Open(bytes, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(found.Text, "\n")
	check(len(lines) == 4 && lines[3] == "" && lines[0] == verifier.Name(), "a checkpoint of other lines: %q", found.Text)
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)
	return tlog.Tree{N: size, Hash: root}, nil
}

// tiles reads C2SP's paths: x/mod's own carry the tile's height, "tile/8/0/000".
type tiles struct{ folder string }

func (t tiles) Height() int                    { return 8 }
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range wanted {
		bytes, err := os.ReadFile(filepath.Join(t.folder, "tile", strings.TrimPrefix(tile.Path(), "tile/8/")))
		if err != nil {
			return nil, err
		}
		all = append(all, bytes)
	}
	return all, nil
}

func entries(folder string, size int64) []tlog.Hash {
	var leaves []tlog.Hash
	for from := int64(0); from < size; from += 256 {
		width := int(256)
		if size-from < 256 {
			width = int(size - from)
		}
		tile := tlog.Tile{H: 8, L: 0, N: from / 256, W: width}
		bytes := read(filepath.Join(folder, "tile", "entries", strings.TrimPrefix(tile.Path(), "tile/8/0/")))
		for len(bytes) > 0 {
			length := 2 + int(binary.BigEndian.Uint16(bytes))
			leaves = append(leaves, tlog.RecordHash(bytes[2:length]))
			bytes = bytes[length:]
		}
	}
	check(int64(len(leaves)) == size, "%d entries in the bundles, %d in the checkpoint", len(leaves), size)
	return leaves
}

func walk(folder string, tree tlog.Tree) {
	reader := tlog.TileHashReader(tree, tiles{folder})
	leaves := entries(folder, tree.N)
	indexes := make([]int64, len(leaves))
	for i := range leaves {
		indexes[i] = tlog.StoredHashIndex(0, int64(i))
	}
	hashes, err := reader.ReadHashes(indexes)
	must(err)
	for i := range leaves {
		check(hashes[i] == leaves[i], "entry %d is not what its tile says", i)
	}
}

func prefixes(folder string, tree tlog.Tree, verifier note.Verifier, log string) int {
	names, err := filepath.Glob(filepath.Join(folder, "*"))
	must(err)
	for _, name := range names {
		old, err := open(read(name), verifier)
		must(err)
		reader := tlog.TileHashReader(tree, tiles{log})
		proof, err := tlog.ProveTree(tree.N, old.N, reader)
		must(err)
		must(tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash))
	}
	return len(names)
}

func hash(text string) tlog.Hash {
	found, err := tlog.ParseHash(text)
	must(err)
	return found
}

func path(text string) []tlog.Hash {
	var hashes []tlog.Hash
	if text != "-" {
		for _, one := range strings.Split(text, ",") {
			hashes = append(hashes, hash(one))
		}
	}
	return hashes
}

func judge(fields []string) error {
	first, err := strconv.ParseInt(fields[2], 10, 64)
	must(err)
	second, err := strconv.ParseInt(fields[3], 10, 64)
	must(err)
	if fields[0] == "inclusion" {
		leaf, err := base64.StdEncoding.DecodeString(fields[5])
		must(err)
		return tlog.CheckRecord(path(fields[6]), first, hash(fields[4]), second, tlog.RecordHash(leaf))
	}
	return tlog.CheckTree(path(fields[6]), second, hash(fields[5]), first, hash(fields[4]))
}

func main() {
	check(len(os.Args) == 4, "x_mod VKEY-FILE LOG-FOLDER CHECKPOINTS-FOLDER|-")
	verifier, err := note.NewVerifier(strings.TrimSpace(string(read(os.Args[1]))))
	must(err)
	checkpoint := read(filepath.Join(os.Args[2], "checkpoint"))
	tree, err := open(checkpoint, verifier)
	must(err)
	for i := range checkpoint[:strings.LastIndex(string(checkpoint), "\n\n")] {
		twin := append([]byte{}, checkpoint...)
		twin[i] ^= 1
		_, err := note.Open(twin, note.VerifierList(verifier))
		check(err != nil, "a checkpoint with byte %d altered opens", i)
	}
	walk(os.Args[2], tree)
	kept := 0
	if os.Args[3] != "-" {
		kept = prefixes(os.Args[3], tree, verifier, os.Args[2])
	}
	counts := map[string]int{}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		check(len(fields) == 7, "a line of %d fields", len(fields))
		err := judge(fields)
		check((err == nil) == (fields[1] == "good"), "%v: %s", err, lines.Text())
		counts[fields[0]+"-"+fields[1]]++
	}
	must(lines.Err())
	fmt.Printf("leaves %d checkpoints %d inclusion %d %d consistency %d %d\n", tree.N, kept, counts["inclusion-good"],
		counts["inclusion-bad"], counts["consistency-good"], counts["consistency-bad"])
}
