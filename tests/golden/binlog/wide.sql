-- max: 30000
-- 300 columns: a column count of three bytes, bitmaps of 38 bytes, of kinds that alternate.

CREATE TABLE wide (
  c0 int, c1 int unsigned, c2 varchar(5), c3 tinyint unsigned, c4 bigint, c5 int, c6 int unsigned, c7 varchar(5),
  c8 tinyint unsigned, c9 bigint, c10 int, c11 int unsigned, c12 varchar(5), c13 tinyint unsigned, c14 bigint,
  c15 int, c16 int unsigned, c17 varchar(5), c18 tinyint unsigned, c19 bigint, c20 int, c21 int unsigned,
  c22 varchar(5), c23 tinyint unsigned, c24 bigint, c25 int, c26 int unsigned, c27 varchar(5), c28 tinyint unsigned,
  c29 bigint, c30 int, c31 int unsigned, c32 varchar(5), c33 tinyint unsigned, c34 bigint, c35 int,
  c36 int unsigned, c37 varchar(5), c38 tinyint unsigned, c39 bigint, c40 int, c41 int unsigned, c42 varchar(5),
  c43 tinyint unsigned, c44 bigint, c45 int, c46 int unsigned, c47 varchar(5), c48 tinyint unsigned, c49 bigint,
  c50 int, c51 int unsigned, c52 varchar(5), c53 tinyint unsigned, c54 bigint, c55 int, c56 int unsigned,
  c57 varchar(5), c58 tinyint unsigned, c59 bigint, c60 int, c61 int unsigned, c62 varchar(5), c63 tinyint unsigned,
  c64 bigint, c65 int, c66 int unsigned, c67 varchar(5), c68 tinyint unsigned, c69 bigint, c70 int,
  c71 int unsigned, c72 varchar(5), c73 tinyint unsigned, c74 bigint, c75 int, c76 int unsigned, c77 varchar(5),
  c78 tinyint unsigned, c79 bigint, c80 int, c81 int unsigned, c82 varchar(5), c83 tinyint unsigned, c84 bigint,
  c85 int, c86 int unsigned, c87 varchar(5), c88 tinyint unsigned, c89 bigint, c90 int, c91 int unsigned,
  c92 varchar(5), c93 tinyint unsigned, c94 bigint, c95 int, c96 int unsigned, c97 varchar(5), c98 tinyint unsigned,
  c99 bigint, c100 int, c101 int unsigned, c102 varchar(5), c103 tinyint unsigned, c104 bigint, c105 int,
  c106 int unsigned, c107 varchar(5), c108 tinyint unsigned, c109 bigint, c110 int, c111 int unsigned,
  c112 varchar(5), c113 tinyint unsigned, c114 bigint, c115 int, c116 int unsigned, c117 varchar(5),
  c118 tinyint unsigned, c119 bigint, c120 int, c121 int unsigned, c122 varchar(5), c123 tinyint unsigned,
  c124 bigint, c125 int, c126 int unsigned, c127 varchar(5), c128 tinyint unsigned, c129 bigint, c130 int,
  c131 int unsigned, c132 varchar(5), c133 tinyint unsigned, c134 bigint, c135 int, c136 int unsigned,
  c137 varchar(5), c138 tinyint unsigned, c139 bigint, c140 int, c141 int unsigned, c142 varchar(5),
  c143 tinyint unsigned, c144 bigint, c145 int, c146 int unsigned, c147 varchar(5), c148 tinyint unsigned,
  c149 bigint, c150 int, c151 int unsigned, c152 varchar(5), c153 tinyint unsigned, c154 bigint, c155 int,
  c156 int unsigned, c157 varchar(5), c158 tinyint unsigned, c159 bigint, c160 int, c161 int unsigned,
  c162 varchar(5), c163 tinyint unsigned, c164 bigint, c165 int, c166 int unsigned, c167 varchar(5),
  c168 tinyint unsigned, c169 bigint, c170 int, c171 int unsigned, c172 varchar(5), c173 tinyint unsigned,
  c174 bigint, c175 int, c176 int unsigned, c177 varchar(5), c178 tinyint unsigned, c179 bigint, c180 int,
  c181 int unsigned, c182 varchar(5), c183 tinyint unsigned, c184 bigint, c185 int, c186 int unsigned,
  c187 varchar(5), c188 tinyint unsigned, c189 bigint, c190 int, c191 int unsigned, c192 varchar(5),
  c193 tinyint unsigned, c194 bigint, c195 int, c196 int unsigned, c197 varchar(5), c198 tinyint unsigned,
  c199 bigint, c200 int, c201 int unsigned, c202 varchar(5), c203 tinyint unsigned, c204 bigint, c205 int,
  c206 int unsigned, c207 varchar(5), c208 tinyint unsigned, c209 bigint, c210 int, c211 int unsigned,
  c212 varchar(5), c213 tinyint unsigned, c214 bigint, c215 int, c216 int unsigned, c217 varchar(5),
  c218 tinyint unsigned, c219 bigint, c220 int, c221 int unsigned, c222 varchar(5), c223 tinyint unsigned,
  c224 bigint, c225 int, c226 int unsigned, c227 varchar(5), c228 tinyint unsigned, c229 bigint, c230 int,
  c231 int unsigned, c232 varchar(5), c233 tinyint unsigned, c234 bigint, c235 int, c236 int unsigned,
  c237 varchar(5), c238 tinyint unsigned, c239 bigint, c240 int, c241 int unsigned, c242 varchar(5),
  c243 tinyint unsigned, c244 bigint, c245 int, c246 int unsigned, c247 varchar(5), c248 tinyint unsigned,
  c249 bigint, c250 int, c251 int unsigned, c252 varchar(5), c253 tinyint unsigned, c254 bigint, c255 int,
  c256 int unsigned, c257 varchar(5), c258 tinyint unsigned, c259 bigint, c260 int, c261 int unsigned,
  c262 varchar(5), c263 tinyint unsigned, c264 bigint, c265 int, c266 int unsigned, c267 varchar(5),
  c268 tinyint unsigned, c269 bigint, c270 int, c271 int unsigned, c272 varchar(5), c273 tinyint unsigned,
  c274 bigint, c275 int, c276 int unsigned, c277 varchar(5), c278 tinyint unsigned, c279 bigint, c280 int,
  c281 int unsigned, c282 varchar(5), c283 tinyint unsigned, c284 bigint, c285 int, c286 int unsigned,
  c287 varchar(5), c288 tinyint unsigned, c289 bigint, c290 int, c291 int unsigned, c292 varchar(5),
  c293 tinyint unsigned, c294 bigint, c295 int, c296 int unsigned, c297 varchar(5), c298 tinyint unsigned,
  c299 bigint, PRIMARY KEY (c299, c0))

INSERT INTO wide (c0, c1, c2, c3, c4, c298, c299) VALUES (1, 4294967295, 'two', 255, -1, 9, -9)

UPDATE wide SET c150 = 7, c299 = 10

SET SESSION binlog_row_image = 'MINIMAL'

UPDATE wide SET c152 = 'x'

DELETE FROM wide
