"""Words behind the plugin's name: pflag's forms, the errors, and the values that are given."""

from __future__ import annotations

import contextlib

import pytest

from kubectl_seccomp.cli.choices import Format
from kubectl_seccomp.cli.commands import COMMANDS, everything
from kubectl_seccomp.cli.line import Line, parse
from kubectl_seccomp.cli.option import Kind
from kubectl_seccomp.cli.scan import scan
from kubectl_seccomp.fault import Fault


def parsed(*typed: str) -> Line:
    line = parse(list(typed))
    assert line.command is not None
    return line


def fault(*typed: str) -> Fault:
    with pytest.raises(Fault) as raised:
        parse(list(typed))
    return raised.value


@pytest.mark.parametrize(
    ("typed", "given"),
    [
        (["-n", "shop"], {"namespace": "shop"}),
        (["-n=shop"], {"namespace": "shop"}),
        (["-nshop"], {"namespace": "shop"}),
        (["--namespace", "shop"], {"namespace": "shop"}),
        (["--namespace=shop"], {"namespace": "shop"}),
        (["-n", "-A"], {"namespace": "-A"}),
        (["-n", "a", "--namespace=b"], {"namespace": "b"}),
        (["-n", "a", "-n", ""], {}),
        (["-o=json"], {"output": Format.JSON}),
        (["-ojson"], {"output": Format.JSON}),
        (["-o", ""], {}),
        (["-l=app=web"], {"selector": "app=web"}),
        (["-l", "app in (a,b)"], {"selector": "app in (a,b)"}),
        (["-lapp=web"], {"selector": "app=web"}),
        (["-A"], {"all_namespaces": True}),
        (["-A=false"], {}),
        (["-A", "-A=F"], {}),
        (["-A=false", "-A"], {"all_namespaces": True}),
        (["--no-headers=true"], {"no_headers": True}),
        (["--no-headers=0"], {}),
        (["--insecure-skip-tls-verify=true"], {"insecure_skip_tls_verify": True}),
        (["--chunk-size=0"], {"chunk_size": 0}),
        (["--chunk-size=5", "--chunk-size", "7"], {"chunk_size": 7}),
        (["-AR"], {"all_namespaces": True, "recursive": True}),
        (["-Rf", "x"], {"recursive": True, "filename": ["x"]}),
        (["-RAf=x"], {"recursive": True, "all_namespaces": True, "filename": ["x"]}),
        (["-f", "-"], {"filename": ["-"]}),
        (["-f", "a,b", "-f=c"], {"filename": ["a", "b", "c"]}),
        (["-f", '"a,b",c'], {"filename": ["a,b", "c"]}),
        (["--as-group", "a,b", "--as-group=c"], {"as_groups": ["a,b", "c"]}),
        (["--as-group="], {"as_groups": [""]}),
        (["--as", "--help"], {"as_user": "--help"}),
    ],
)
def test_flags_in_every_form_that_kubectl_takes(typed: list[str], given: dict[str, object]) -> None:
    for line in (["audit", *typed], [*typed, "audit"]):
        assert parsed(*line).given == given


def test_a_choice_is_the_member_itself() -> None:
    assert parsed("audit", "-o", "json").given["output"] is Format.JSON


def test_arguments_may_stand_between_flags_and_behind_two_dashes() -> None:
    line = parsed("-n", "x", "check", "--no-node", "pod", "a", "-o", "json", "b", "--", "-c")
    assert line.given == {"namespace": "x", "no_node": True, "output": Format.JSON}
    assert line.arguments == ("a", "b", "-c")


@pytest.mark.parametrize(
    ("typed", "told", "page"),
    [
        (["adit"], 'unknown command "adit" for "kubectl seccomp" (did you mean audit?)', ""),
        (["zzz"], 'unknown command "zzz" for "kubectl seccomp"', ""),
        (["check", "pods"], 'unknown command "pods" for "kubectl seccomp check" (did you mean pod?)', " check"),
        (["help", "lst"], 'unknown command "lst" for "kubectl seccomp" (did you mean list?)', ""),
        (["audit", "--failng"], "unknown flag: --failng (did you mean --failing?)", " audit"),
        (["--zzz", "bar", "audit"], "unknown flag: --zzz", ""),
        (["audit", "-Az"], "unknown shorthand flag: 'z' in -Az", " audit"),
        (
            ["list", "--fail-on", "high"],
            "unknown flag: --fail-on (it belongs to audit, check pod, check node, check profile, profile lint)",
            " list",
        ),
        (["audit", "-n"], "flag needs an argument: 'n' in -n", " audit"),
        (["audit", "--namespace"], "flag needs an argument: --namespace", " audit"),
        (["audit", "-A=maybe"], 'invalid argument "maybe" for "-A, --all-namespaces" flag: must be true or false', " audit"),
        (["audit", "--chunk-size", "x"], 'invalid argument "x" for "--chunk-size" flag: must be a number, at least 0', " audit"),
        (["audit", "--chunk-size", "-1"], 'invalid argument "-1" for "--chunk-size" flag: must be a number, at least 0', " audit"),
        (["check", "pod", "x", "--timeout=0"], 'invalid argument "0" for "--timeout" flag: must be a number, at least 1', " check pod"),
        (["audit", "--fail-on=hihg"], "low, info, never (did you mean high?)", " audit"),
        (["audit", "web"], '"kubectl seccomp audit" takes no arguments: unexpected argument "web"', " audit"),
        (["audit", "--no-headers", "false"], 'takes no arguments: unexpected argument "false"', " audit"),
        (["version", "-o", "csv"], 'invalid argument "csv" for "-o, --output" flag: must be one of table, json, yaml', " version"),
        (
            ["profile", "explain"],
            '"kubectl seccomp profile explain" needs PROFILE: a file, - for stdin, node/NAME:PATH',
            " profile explain",
        ),
        (["explain", "a", "b"], '"kubectl seccomp explain" takes one ID: unexpected argument "b"', " explain"),
        (["check", "pod"], '"kubectl seccomp check pod" needs NAME: pods of one namespace', " check pod"),
        (["completion", "zhs"], "it takes install, bash, zsh, fish, powershell (did you mean zsh?)", " completion"),
        (["-n", "shop"], "a command is missing", ""),
    ],
)
def test_wrong_usage_is_one_sentence_and_the_page_to_read(typed: list[str], told: str, page: str) -> None:
    found = fault(*typed)
    assert told in found.message
    assert "\n" not in found.message
    assert found.hint == f"see: kubectl seccomp{page} --help"
    assert found.code == 2


@pytest.mark.parametrize("typed", ["audit -h", "-h audit", "audit x --help", "help audit", "audit -n x -h"])
def test_help_of_a_command_wherever_it_is_asked_for(typed: str) -> None:
    line = parse(typed.split())
    assert line.help
    assert line.command is not None
    assert line.command.name == "audit"


@pytest.mark.parametrize(("typed", "family"), [("", ""), ("-h", ""), ("help", ""), ("check", "check"), ("help check", "check")])
def test_no_command_is_an_overview(typed: str, family: str) -> None:
    line = parse(typed.split())
    assert (line.command, line.family, line.help) == (None, family, True)


def test_version_as_a_flag() -> None:
    line = parse(["--version"])
    assert line.command is not None
    assert (line.command.name, line.given, line.arguments) == ("version", {}, ())


def test_a_name_takes_a_value_everywhere_or_nowhere() -> None:
    known = everything()
    for command in COMMANDS:
        for name, option in command.options.items():
            flags = (known[name].kind is Kind.FLAG, option.kind is Kind.FLAG)
            assert flags in ((True, True), (False, False)), f"{name} may stand before the command, so this must be known without it"


@pytest.mark.parametrize("typed", ["-", "--", "---", "-=", "--=x", "-n=", "-\udcff", "", "-🙂", "--no-headers=\n"])
def test_odd_words_are_never_a_traceback(typed: str) -> None:
    list(scan([typed, typed], everything()))
    with contextlib.suppress(Fault):
        parse(["audit", typed])
