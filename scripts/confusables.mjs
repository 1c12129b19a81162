// Writes src/auth/users/confusables.ts. To take over a new version of Unicode:
//   curl -O https://www.unicode.org/Public/security/latest/confusables.txt
//   node scripts/confusables.mjs confusables.txt > src/auth/users/confusables.ts
// The Unicode licence asks that its notice goes with the data: it is in the file that this writes.

import { readFileSync } from 'node:fs';

const NOTICE = `
// UNICODE LICENSE V3
//
// COPYRIGHT AND PERMISSION NOTICE
//
// Copyright © 1991-2025 Unicode, Inc.
//
// NOTICE TO USER: Carefully read the following legal agreement. BY
// DOWNLOADING, INSTALLING, COPYING OR OTHERWISE USING DATA FILES, AND/OR
// SOFTWARE, YOU UNEQUIVOCALLY ACCEPT, AND AGREE TO BE BOUND BY, ALL OF THE
// TERMS AND CONDITIONS OF THIS AGREEMENT. IF YOU DO NOT AGREE, DO NOT
// DOWNLOAD, INSTALL, COPY, DISTRIBUTE OR USE THE DATA FILES OR SOFTWARE.
//
// Permission is hereby granted, free of charge, to any person obtaining a
// copy of data files and any associated documentation (the "Data Files") or
// software and any associated documentation (the "Software") to deal in the
// Data Files or Software without restriction, including without limitation
// the rights to use, copy, modify, merge, publish, distribute, and/or sell
// copies of the Data Files or Software, and to permit persons to whom the
// Data Files or Software are furnished to do so, provided that either (a)
// this copyright and permission notice appear with all copies of the Data
// Files or Software, or (b) this copyright and permission notice appear in
// associated Documentation.
//
// THE DATA FILES AND SOFTWARE ARE PROVIDED "AS IS", WITHOUT WARRANTY OF ANY
// KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
// MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT OF
// THIRD PARTY RIGHTS.
//
// IN NO EVENT SHALL THE COPYRIGHT HOLDER OR HOLDERS INCLUDED IN THIS NOTICE
// BE LIABLE FOR ANY CLAIM, OR ANY SPECIAL INDIRECT OR CONSEQUENTIAL DAMAGES,
// OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS,
// WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION,
// ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THE DATA
// FILES OR SOFTWARE.
//
// Except as contained in this notice, the name of a copyright holder shall
// not be used in advertising or otherwise to promote the sale, use or other
// dealings in these Data Files or Software without prior written
// authorization of the copyright holder.
//
// SPDX-License-Identifier: Unicode-3.0`;

const text = readFileSync(process.argv[2] ?? 'confusables.txt', 'utf8');
const version = /^# Version: (\S+)/m.exec(text)?.[1];

const pairs = [];
for (const [, source, target] of text.matchAll(/^([0-9A-F]+)\s*;\s*([0-9A-F ]+?)\s*;/gm)) {
  const code = Number.parseInt(source, 16);
  const character = String.fromCodePoint(code);
  // Names are letters, marks and digits in NFKC, and are decomposed to be looked up: no other entry is ever needed.
  if (!/[\p{L}\p{M}\p{N}]/u.test(character) || character.normalize('NFKD') !== character) continue;
  pairs.push({ code, entry: `${source}=${target.replaceAll(' ', '+')}` });
}
pairs.sort((a, b) => a.code - b.code);

let line = '';
const lines = [];
for (const { entry } of pairs) {
  if (line.length + entry.length > 108) {
    lines.push(line);
    line = '';
  }
  line += line ? ` ${entry}` : entry;
}
lines.push(line);

process.stdout.write(`// Written by scripts/confusables.mjs from Unicode's confusables.txt. Don't edit it by hand.
//${NOTICE}

/**
 * Which letters, marks and digits look like others (UTS #39, confusables.txt, version ${version}): in hexadecimal, a
 * code point, and the one or several that stand for its look.
 */
export const CONFUSABLES = \`
${lines.join('\n')}\`;
`);
