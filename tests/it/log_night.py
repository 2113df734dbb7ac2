"""A night of night_ledger with the real log over it: atalaya-log makes tiles, checkpoints and proofs of the cuts."""
import os
import shutil
import subprocess
from pathlib import Path

from conftest import wait_for
from night_ledger import SMALL, Night


class LogNight(Night):
    def __init__(self, folder, bin_dir, election=SMALL, env=None, **kwargs):
        """A log is begun before its ledger has entries. `env` is that of all programs."""
        self.env = {**os.environ, **(env or {})}
        (Path(folder) / "keys").mkdir(parents=True, exist_ok=True)
        shutil.copytree(election, Path(folder) / "election")
        subprocess.run([bin_dir / "atalaya-log", "--dir", folder, "--begin"], check=True, capture_output=True, env=self.env)
        super().__init__(folder, bin_dir, election, **kwargs)
        self.log_process = None

    def start(self, *args, **kwargs):
        log = open(self.dir / "run/log.log", "ab")
        self.log_process = subprocess.Popen([self.bin / "atalaya-log", "--dir", self.dir], stderr=log, env=self.env,
                                            **kwargs)
        return super().start(*args, env=self.env, **kwargs)

    def until_proven(self, cut):
        """Waits until the proof of a cut is published, and the checkpoint covers the whole ledger."""
        log, checkpoint = self.dir / "run/log.log", self.dir / "public/log/checkpoint"
        wait_for((self.dir / f"public/log/cut-{cut}.tlog-proof").exists, 20, say=log.read_text)
        wait_for(lambda: int(checkpoint.read_text().split("\n")[1]) == self.ledger.size, 20, say=log.read_text)

    def stop(self):
        super().stop()
        if self.log_process:
            self.log_process.terminate()
            self.log_process.wait(20)
            self.log_process = None
