# SPDX-License-Identifier: Apache-2.0
"""Reads the imports of a Swift file. It knows just enough of the language to skip an `import` in a comment or a string.
Interpolations are not parsed: a string with quotes inside an interpolation is read in pieces, all on its line.
"""
import re

TOKEN = re.compile(
    r'//[^\n]*|(?P<block>/\*)|(?P<hashes>#*)(?P<quote>"""|")|`[^`\n]*`')


def masked(text, strings=True):
    """The text with comments (and strings) replaced by blanks. Line numbers stay as they are."""
    out, position = [], 0

    def blank(end):
        nonlocal position
        out.append(re.sub(r"[^\n]", " ", text[position:end]))
        position = end

    while match := TOKEN.search(text, position):
        out.append(text[position:match.start()])
        position = match.start()
        if match["block"]:
            depth, end = 1, match.end()
            while depth and (edge := re.compile(r"/\*|\*/").search(text, end)):
                depth += 1 if edge[0] == "/*" else -1
                end = edge.end()
            blank(end if depth == 0 else len(text))
        elif match["quote"]:
            closing = re.escape(match["quote"] + match["hashes"])
            escape = r"\\" + match["hashes"] + r"[^\n]"
            stop = "" if match["quote"] == '"""' else r"|(?=\n)"  # an unfinished string ends with its line
            rest = re.compile(f"(?:{escape}|(?!{closing}{stop})[\\s\\S])*(?:{closing}{stop}|$)")
            end = rest.match(text, match.end()).end()
            if strings:
                blank(end)
            else:
                out.append(text[position:end])
                position = end
        elif match[0].startswith("`"):
            out.append(match[0])
            position = match.end()
        else:
            blank(match.end())
    return "".join(out) + text[position:]


IMPORT = re.compile(
    r"^[ \t]*(?P<attributes>(?:@\w+(?:\([^)]*\))?\s+)*)"
    r"(?:(?:public|package|internal|fileprivate|private)\s+)?"
    r"import\s+(?:(?:struct|class|enum|protocol|typealias|func|let|var)\s+)?(?P<module>[A-Za-z_]\w*)",
    re.MULTILINE)


def imports(path):
    """Each import of a Swift file: line, module, attributes."""
    with open(path, encoding="utf-8") as file:
        text = masked(file.read())
    return [(text.count("\n", 0, match.start("module")) + 1, match["module"], match["attributes"])
            for match in IMPORT.finditer(text)]
