"""Prometheus' text format 0.0.4 read strictly: what a lenient reader would let pass is an error here. `promtool check metrics`,
where it is installed, is asked too."""
import os
import re
import shutil
import subprocess

NAME = r"[a-z][a-z0-9_]*"
HELP = re.compile(rf"# HELP ({NAME}) (\S.*)")
TYPE = re.compile(rf"# TYPE ({NAME}) (counter|gauge|untyped)")
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (-?\d+(?:\.\d+)?)")
LABEL = re.compile(rf'({NAME})="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
NOT_BASE = re.compile(r"_(s|ms|milliseconds|us|ns|kb|mb|kib|mib|minutes|hours)(_total)?$")


def labels_of(text, line):
    found, at = {}, 0
    while at < len(text):
        label = LABEL.match(text, at)
        assert label, f"labels: {line}"
        assert label[1] not in found, f"a label twice: {line}"
        found[label[1]] = re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], label[2])
        at = label.end()
    return found


def parse(text):
    """{name: [(labels, value)]} of an exposition; asserts every rule of the format and of naming."""
    assert text.endswith("\n") and "\r" not in text
    families, kinds, helps, current = {}, {}, {}, None
    for line in text.splitlines():
        if begun := HELP.fullmatch(line):
            assert begun[1] not in helps, f"a family twice: {line}"
            helps[begun[1]] = begun[2]
            current = begun[1]
        elif kind := TYPE.fullmatch(line):
            assert kind[1] == current and kind[1] not in kinds, f"TYPE without its HELP: {line}"
            kinds[kind[1]] = kind[2]
            families[kind[1]] = []
        else:
            sample = SAMPLE.fullmatch(line)
            assert sample, f"no sample: {line}"
            assert sample[1] == current and current in kinds, f"a sample outside its family: {line}"
            labels = labels_of(sample[2] or "", line)
            assert labels not in [known for known, _ in families[current]], f"a sample twice: {line}"
            families[current].append((labels, float(sample[3])))
    for name, kind in kinds.items():
        assert (kind == "counter") == name.endswith("_total"), f"{name} is a {kind}"
        assert not NOT_BASE.search(name), f"{name} is not in a base unit"
        assert kind != "counter" or all(value >= 0 for _, value in families[name]), name
    promtool = shutil.which("promtool")
    if promtool:
        done = subprocess.run([promtool, "check", "metrics"], input=text, text=True, capture_output=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return families


def value(families, name, **labels):
    """The one sample whose labels contain these."""
    found = [v for known, v in families[name] if labels.items() <= known.items()]
    assert len(found) == 1, f"{name}{labels}: {families.get(name)}"
    return found[0]


def total(families, name, **labels):
    return sum(v for known, v in families[name] if labels.items() <= known.items())


def names_in(expression):
    """Every metric of ours that an expression of PromQL asks for."""
    return set(re.findall(r"\batalaya_[a-z0-9_]+", re.sub(r'"[^"]*"', "", expression)))


def promtool(*args, **more):
    """Runs promtool, or returns None where there is none."""
    path = shutil.which("promtool")
    return path and subprocess.run([path, *map(str, args)], capture_output=True, text=True, env=os.environ, **more)
