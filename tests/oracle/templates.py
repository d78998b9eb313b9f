"""What Jinja2 makes of chat templates, with the settings of Hugging Face's `transformers` (utils/chat_template_utils.py, 5.0).

    pip install jinja2==3.1.6
    python tests/oracle/templates.py tests/fixtures/chat-templates.json          # our own templates: writes the fixture again
    python tests/oracle/templates.py /tmp/templates.json FOLDER...               # *.jinja of these folders

A model gets one message of a person, as Précis asks it.
"""

import json
import pathlib
import sys
from datetime import datetime

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

# Ours, one for each thing that templates of models rely on.
OWN = {
    "blocks take their line end": "{% if true %}\nA\n{% endif %}\n<|{{ messages[0].role }}|>\n{{ messages[0].content }}\n",
    "blocks take the spaces before them": "a\n   {% if true %}\n  b\n   {% endif %}\n{{ messages[0].content }}",
    "a plus keeps them": "a\n  {%+ if true +%}\nb{% endif %}\n{{ messages[0].content }}",
    "the last line end goes, one of two": "{{ messages[0].content }}\n\n",
    "generation": "{% for m in messages %}{{ m.content }}{% endfor %}{%- generation -%} x {%- endgeneration -%} y{% generation %}\nz{% endgeneration %}\n",
    "break and continue": "{% for m in messages + messages %}{% if loop.index == 2 %}{% break %}{% endif %}{{ m.content }}{% endfor %}",
    "no tools": "{% if tools is not none %}[TOOLS]{% endif %}{% if documents %}[DOCS]{% endif %}{% if tools is defined %}d{% endif %}{{ messages[0].content }}",
    "the date": "{{ strftime_now('%d %b %Y') }}|{{ strftime_now('%Y-%m-%d') }}|{{ strftime_now('%B %-d, %y, %A %H:%M:%S%%') }}|{{ messages[0].content }}",
    "JSON": "{{ {'a': [1, 2.5, none, true], 'b': '<é & \\'\"\\n'} | tojson }}{{ [] | tojson(ensure_ascii=False) }}{{ messages[0] | tojson }}",
    "JSON, indented": "{{ {'a': [1, {}], 'b': {'c': 'd'}} | tojson(indent=2) }}{{ messages[0].content }}",
    "refuses": "{{ raise_exception('Roles must alternate.') }}",
    "refuses what is not asked": "{% if messages | length > 1 %}{{ raise_exception('no') }}{% endif %}{{ messages[0]['content'] | trim }}",
    "namespaces": "{% set ns = namespace(found=false) %}{% for m in messages %}{% if m.role == 'user' and not ns.found %}{% set ns.found = true %}{{ m.content }}{% endif %}{% endfor %}{{ ns.found }}",
    "neighbours of a loop": "{% for m in messages + messages %}{{ loop.previtem is defined }}{{ loop.nextitem is defined }}{{ m.content }}{% endfor %}",
    "macros": "{% macro turn(role, text='') %}<{{ role }}>{{ text }}</{{ role }}>{% endmacro %}{{ turn('user', messages[0].content) }}{{ turn('x') }}",
    "methods of strings": "{{ ' a b '.strip() }}{{ 'a,b'.split(',')[-1] }}{{ 'abc'.startswith('a') }}{{ 'x'.replace('x', 'y') }}{{ 'Ab'.upper() }}{{ messages[0].content.lstrip() }}",
    "methods of objects": "{% for key, value in messages[0].items() %}{{ key }};{% endfor %}{{ messages[0].get('name', 'none') }}{{ messages[0].content }}",
    "slices": "{{ messages[0:][0].content }}{{ 'abc'[::-1] }}{{ [1, 2, 3][1:] }}",
    "kinds of values": "{{ messages is iterable }}{{ messages[0].content is string }}{{ messages[0] is mapping }}{{ none is none }}{{ x is undefined }}{{ x }}{{ messages[0].content }}",
    "nothing is not iterable": "{{ tools is iterable }}{{ x is iterable }}{{ 'a' is iterable }}{{ 1 is iterable }}{{ messages[0] is iterable }}{{ messages[0].content }}",
    "None is written": "{{ none }}{{ true }}{{ 1.0 }}{{ messages[0].content }}",
    "filters": "{{ [1, 2] | join('-') }}{{ messages | map(attribute='role') | list }}{{ messages | selectattr('role', 'equalto', 'user') | list | length }}{{ x | default('d') }}{{ messages[0].content }}",
    "conditions in one line": "{{ bos_token + 'x' if add_generation_prompt else '' }}{{ 'a' ~ 1 }}{{ messages[0].content }}{{ eos_token }}",
    "what is set in a loop stays there": "{% set a = 1 %}{% for m in messages %}{% set a = 2 %}{% endfor %}{{ a }}{{ messages[0].content }}",
    "a missing key of a message": "{{ messages[0].tool_calls is defined }}{% if messages[0].thinking %}t{% endif %}{{ messages[0].content }}",
    "thoughts": "<|user|>{{ messages[0].content }}<|assistant|>{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}",
}

# The date that Précis tells a model: see src/lm/tokenizer/chat_template.rs.
NOW = datetime(2024, 7, 26)


class Generation(jinja2.ext.Extension):
    """`{% generation %}` marks what a model writes; its text stays."""

    tags = {"generation"}

    def parse(self, parser):
        lineno = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.Scope(body, lineno=lineno)


def refuse(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def rendered(template):
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = refuse
    environment.globals["strftime_now"] = NOW.strftime
    return environment.from_string(template).render(
        messages=[{"role": "user", "content": "What is said here?"}],
        tools=None,
        documents=None,
        add_generation_prompt=True,
        enable_thinking=False,
        bos_token="<s>",
        eos_token="</s>",
    )


def outcome(name, template):
    try:
        return {"name": name, "template": template, "rendered": rendered(template)}
    except Exception as error:
        return {"name": name, "template": template, "error": f"{type(error).__name__}: {error}"}


def main():
    target, *folders = sys.argv[1:]
    templates = dict(OWN)
    if folders:
        templates = {f"{path.parent.name}/{path.name}": path.read_text() for folder in folders for path in sorted(pathlib.Path(folder).rglob("*.jinja"))}
    outcomes = [outcome(name, template) for name, template in templates.items()]
    pathlib.Path(target).write_text(json.dumps(outcomes, ensure_ascii=False, indent=1) + "\n")
    print(f"{len(outcomes)} templates, {sum('error' in one for one in outcomes)} of which fail")


main()
