#!/usr/bin/env python3
"""Takes every check out of the access code, one at a time: some test must fail each time.

    mutants.py plant TREE        rewrites the sources in TREE (a copy!), lists what it planted
    mutants.py run TREE [N...]   runs its tests once for every mutant, or for those named

One build serves every mutant: each planted fault is asleep until KAIFONG_MUTANT names it.
"Second line off" puts row-level security to sleep, so that the first line is tried alone.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import time

MODULE = '''//! Faults to be woken one at a time.

use std::sync::LazyLock;

use crate::kernel::reach::Reach;

static AWAKE: LazyLock<String> =
    LazyLock::new(|| std::env::var("KAIFONG_MUTANT").unwrap_or_default());
static ALL: Reach = Reach::Everywhere;

pub fn awake(name: &str) -> bool {
    *AWAKE == name
}

pub fn reach<'a>(name: &str, reach: &'a Reach) -> &'a Reach {
    if awake(name) { &ALL } else { reach }
}
'''

# Uses of a reach that decide nothing, and why.
NO_CHECK = {
    ("src/people/commands.rs", "person_with_document"): "looks everywhere anyway",
    ("src/people/commands.rs", "store::person(conn, id, by.reach"): "of a household held already",
    ("src/people/commands.rs", "&[id], by.reach, today"): "erasure is work of everywhere",
    ("src/people/commands.rs", "lock_person(conn, id, (by.reach, today))"): "the same",
    ("src/people/reading.rs", "fn members_today"): "asked of the household that is the reach",
    ("src/people/reading.rs", "fn known"): "asked by those only who reach everybody",
    ("src/people/caller.rs", "reach: caller.reach"): "tried use by use",
    ("src/people/api/household.rs", "Showing::to"): "what is shown, not which rows: people tests",
    ("src/people/api/search.rs", "Showing::to"): "the same",
    ("src/people/api/one.rs", "Showing::to"): "the same",
    ("src/messages/api/list.rs", "let within = (&caller.reach"): "of a household admitted already",
    ("src/app.rs", "held.reach"): "tells the caller what they hold",
}

# Files whose bare `reach` arguments are checks of their own.
LOWER = [
    "src/people/store/mod.rs",
    "src/people/store/changes.rs",
    "src/people/store/reach.rs",
    "src/rent/tell.rs",
    "src/sign_in/commands/keys.rs",
    "src/sign_in/store/devices.rs",
    "src/sign_in/api/links.rs",
    "src/sign_in/api/mod.rs",
    "src/tenancy/reach.rs",
    "src/tenancy/store.rs",
]


class Planter:
    def __init__(self, tree):
        self.tree = pathlib.Path(tree)
        self.planted = []

    def name(self, path, line, what):
        number = f"m{len(self.planted) + 1}"
        self.planted.append({"name": number, "at": f"{path}:{line}", "what": what.strip()})
        return number

    def file(self, path, rewrite):
        place = self.tree / path
        lines, tested, function = [], False, ""
        for number, line in enumerate(place.read_text().split("\n"), 1):
            tested = tested or line.startswith("#[cfg(test)]")
            if begun := re.match(r"\s*(?:pub\S*\s+)?(?:async )?fn (\w+)", line):
                function = begun.group(1)
            skip = (
                tested
                or line.lstrip().startswith("//")
                or (path, f"fn {function}") in NO_CHECK
                or self.decides_nothing(path, line)
            )
            lines.append(line if skip else rewrite(path, number, line))
        place.write_text("\n".join(lines))

    @staticmethod
    def decides_nothing(path, line):
        # What row-level security goes by is the second line.
        # And who may do something for their own household reaches no further by reaching all.
        if "own_household(&caller.reach)" in line or "reach_in(conn, " in line:
            return True
        return any(path == file and text in line for file, text in NO_CHECK)

    def reaches(self, path, number, line):
        """Whoever hands a reach on, hands on all of it."""

        def wide(match):
            name = self.name(path, number, line)
            asked = match.group(0).lstrip("&")
            borrowed = asked if asked == "by.reach" else f"&{asked}"
            owned = match.group(0) == "caller.reach" and line[match.end()] in ",)"
            return f'crate::mutant::reach("{name}", {borrowed})' + (".clone()" if owned else "")

        return re.sub(r"&caller\.reach\b|\bcaller\.reach\b|\bby\.reach\b", wide, line)

    def lower(self, path, number, line):
        def wide(match):
            return f'crate::mutant::reach("{self.name(path, number, line)}", {match.group(1)})'

        if re.search(r"&Reach[,)]|^use |^mod |^pub", line.strip()):
            return line
        line = re.sub(r"(?<![\w.&:(])(reach)(?=[,)]| \{|\.takes_in|\.is_every)", wide, line)
        line = re.sub(r"(?<=\()(reach)(?=[,)]|\.)", wide, line)
        return re.sub(
            r"match &wanted\.reach",
            lambda _: 'match &(if crate::mutant::awake("%s") { None } else { wanted.reach.clone() })'
            % self.name(path, number, line),
            line,
        )

    def text(self, path, old, new, what):
        place = self.tree / path
        text = place.read_text()
        assert text.count(old) == 1, (path, old, text.count(old))
        number = text[: text.index(old)].count("\n") + 1
        if "%s" in new:
            new = new.replace("%s", self.name(path, number, what))
        place.write_text(text.replace(old, new))


def plant(tree):
    planter = Planter(tree)
    for place in sorted((planter.tree / "src").rglob("*.rs")):
        path = str(place.relative_to(planter.tree))
        if path.startswith("src/access/") or path == "src/kernel/reach.rs":
            continue
        planter.file(path, planter.reaches)
        if path in LOWER:
            planter.file(path, planter.lower)
    gate = "src/platform/auth/gate.rs"
    everything = "static ALL_ROWS: Reach = Reach::Everywhere;\n\nfn session<P: Permission>("
    planter.text(gate, "fn session<P: Permission>(", everything, "")
    planter.text(
        gate,
        ".get(P::SCOPE)\n",
        '.get(P::SCOPE)\n        .or_else(|| crate::mutant::awake(&format!("scope {}", P::SCOPE))'
        ".then_some(&ALL_ROWS))\n",
        "",
    )
    planter.text(
        gate,
        "if P::EVERYWHERE &&",
        'if P::EVERYWHERE && !crate::mutant::awake("%s") &&',
        "work of the whole Authority",
    )
    planter.text(
        gate,
        "if P::FRESH &&",
        'if P::FRESH && !crate::mutant::awake("%s") &&',
        "a recent proof of identity",
    )
    planter.text(
        gate,
        "if gate.operators =>",
        'if gate.operators || crate::mutant::awake("%s") =>',
        "operators' tokens only where told",
    )
    planter.text(
        "src/platform/db/reach.rs",
        "    match reach {\n",
        '    if crate::mutant::awake("second line off")\n'
        '        || std::env::var_os("KAIFONG_SECOND_LINE").is_some()\n    {\n'
        '        return "everywhere".to_owned();\n    }\n    match reach {\n',
        "",
    )
    takes_in = "            Self::Estates(estates) => estates.contains(&estate),"
    planter.text(
        "src/kernel/reach.rs",
        takes_in,
        '            Self::Estates(_) if crate::mutant::awake("%s") => true,\n' + takes_in,
        "an estate outside the reach",
    )
    table = (planter.tree / "openapi/openapi.json").read_text()
    scopes = {
        scope
        for operations in json.loads(table)["paths"].values()
        for operation in operations.values()
        for need in operation.get("security", [])
        for scope in need.get("bearer", [])
    }
    for scope in sorted(scopes):
        what = {"name": f"scope {scope}", "at": gate, "what": f"{scope} is not asked for"}
        planter.planted.append(what)
    second = {"name": "second line off", "at": "src/platform/db/reach.rs", "what": "no row policies"}
    planter.planted.append(second)
    (planter.tree / "src/mutant.rs").write_text(MODULE)
    library = planter.tree / "src/lib.rs"
    library.write_text(library.read_text() + "\n#[doc(hidden)]\npub mod mutant;\n")
    (planter.tree / "mutants.json").write_text(json.dumps(planter.planted, indent=1))
    print(f"{len(planter.planted)} faults planted")


# What is run, in turn, until something fails: the access tests first.
TRIED = [
    ["access::"],
    ["people::reach", "people::emergency", "people::search", "privacy::requests", "privacy::views"],
    ["sign_in::credentials", "sign_in::devices", "sign_in::iam_smart", "sign_in::pins"],
    ["sign_in::staff", "sign_in::tokens", "tenancy::"],
]
SECOND_LINE = [["people::guards"]]
# Slices whose own tests see most of their faults: those are tried first.
OWN = [
    "autopay::mandates",
    "counter::days",
    "cssa::allowances",
    "cssa::reconciled",
    "messages::api",
    "messages::choices",
    "payments::codes",
    "receipts::",
]


def tried(fault):
    if fault["name"] == "second line off":
        return SECOND_LINE
    at = fault["at"].removeprefix("src/").split("/")[0]
    own = [tests for tests in OWN if tests.split("::")[0] == at]
    return ([own] if own else []) + TRIED


def fails(program, awake, filters):
    """The first test that fails; the others are not waited for."""
    env = os.environ | {"KAIFONG_MUTANT": awake, "RUST_BACKTRACE": "0"}
    if awake != "second line off":
        env["KAIFONG_SECOND_LINE"] = "off"
    command = [program, *filters]
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as tests:
        for line in tests.stdout:
            if failed := re.match(r"test (\S+) \.\.\. FAILED", line):
                tests.kill()
                return failed[1]
    return "the run itself" if tests.returncode else None


def run(tree, wanted):
    os.chdir(tree)
    built = pathlib.Path("target/debug/deps").glob("api-*")
    built = [place for place in built if os.access(place, os.X_OK)]
    program = str(max(built, key=lambda place: place.stat().st_mtime).resolve())
    faults = json.load(open("mutants.json"))
    if wanted:
        faults = [fault for fault in faults if fault["name"] in wanted]
    # With everything asleep, and row-level security too, the first line stands alone.
    for filters in [OWN, *TRIED]:
        if alone := fails(program, "", filters):
            sys.exit(f"fails with no fault awake: {alone}")
    survivors, began = [], time.time()
    for fault in faults:
        runs = (fails(program, fault["name"], filters) for filters in tried(fault))
        found = next(filter(None, runs), None)
        verdict = found or "SURVIVES"
        print(f"{fault['name']:24} {fault['at']:44} {verdict}  | {fault['what'][:70]}", flush=True)
        if not found:
            survivors.append(fault)
    print(f"{len(faults)} mutants, {len(survivors)} survive, {time.time() - began:.0f} s")
    sys.exit(1 if survivors else 0)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["plant", tree]:
            plant(tree)
        case ["run", tree, *wanted]:
            run(tree, wanted)
        case _:
            sys.exit(__doc__)
