"""The style sheet of a report, light and dark and on paper, in the colours of the window."""

from __future__ import annotations

import base64
import hashlib
import json

from workbench.assets import asset

_COLOURS = (
    "bg", "surface", "sunken", "border", "text", "text2", "text3", "accent-ink", "pass", "pass-soft", "fail", "fail-soft", "warn",
    "warn-soft",
)  # fmt: skip
_RULES = """
*{box-sizing:border-box}
html{color-scheme:light dark}
body{margin:0 auto;max-width:1180px;padding:32px 28px 64px;background:var(--bg);color:var(--text);
 font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:anywhere}
h1{font-size:26px;line-height:1.25;margin:0 0 4px}
h2{font-size:19px;margin:40px 0 12px}
h3{font-size:16px;margin:0}
p{margin:6px 0}
ul{margin:6px 0;padding-left:22px}
a{color:var(--accent-ink)}
.meta,.small{color:var(--text2);font-size:13px}
.wide{overflow-x:auto}
table{border-collapse:collapse;overflow-wrap:break-word;width:100%;background:var(--surface);border:1px solid var(--border)}
caption{text-align:left;color:var(--text2);font-size:13px;padding:0 0 6px}
th,td{text-align:left;vertical-align:top;padding:8px 12px;border-bottom:1px solid var(--border)}
thead th{background:var(--sunken);font-size:13px;font-weight:600}
th[scope=row]{font-weight:600}
td.figure,th.figure{text-align:right;font-variant-numeric:tabular-nums}
td.figure{white-space:nowrap}
th.figure{vertical-align:bottom;min-width:72px}
th[scope=row]{min-width:120px}
svg{display:block;color:var(--text2)}
.case{background:var(--surface);border:1px solid var(--border);border-radius:8px;padding:16px 18px;margin:0 0 18px}
.case header{display:flex;flex-wrap:wrap;gap:4px 14px;align-items:baseline;margin:0 0 10px}
dl{margin:0 0 12px;display:grid;grid-template-columns:minmax(90px,max-content) 1fr;gap:4px 14px}
dt{color:var(--text2);font-size:13px;padding-top:2px}
dd{margin:0;white-space:pre-wrap;unicode-bidi:plaintext}
.answers{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,320px),1fr));gap:12px}
.answer{border:1px solid var(--border);border-radius:6px;padding:12px 14px;min-width:0}
.answer h4{margin:0 0 2px;font-size:14px}
.text{white-space:pre-wrap;margin:8px 0 0;font:inherit;unicode-bidi:plaintext}
.tag{display:inline-block;border-radius:4px;padding:0 7px;font-size:13px;font-weight:600}
.pass{color:var(--pass);background:var(--pass-soft)}
.fail{color:var(--fail);background:var(--fail-soft)}
.warn{color:var(--warn);background:var(--warn-soft)}
.answer ul{list-style:none;padding:0;margin:8px 0 0;font-size:13px;color:var(--text2)}
img{display:block;max-width:100%;max-height:420px;margin:8px 0 0;border:1px solid var(--border)}
footer{margin-top:40px;color:var(--text2);font-size:13px}
@media print{
 body{max-width:none;padding:0;font-size:10.5pt;background:#fff}
 .case{break-inside:auto;border-radius:0}
 .case header,.answer h4,h2,h3{break-after:avoid}
 .answer,tr{break-inside:avoid-page}
 .wide{overflow:visible}
 th,td{padding:4px 6px;font-size:9pt}
 td.figure{white-space:normal}
 th.figure{min-width:0}
 th[scope=row]{min-width:80px}
 .wide svg{width:96px;height:auto}
 h2{margin:22px 0 8px}
 @page{margin:14mm}
 a{color:inherit;text-decoration:none}
}
"""


def style_sheet() -> tuple[str, str]:
    """The rules, and the source by which a content security policy allows these and no others."""
    tokens = json.loads(asset("tokens.json").read_text("utf-8"))
    light, dark = ("".join(f"--{name}:{tokens[theme][name]};" for name in _COLOURS) for theme in ("light", "dark"))
    # Paper is white, whatever the screen is.
    rules = f"\n:root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}{_RULES}"
    digest = base64.b64encode(hashlib.sha256(rules.encode()).digest()).decode("ascii")
    return rules, f"'sha256-{digest}'"
