-- Every character set: all bytes of those of one byte, samples of the others.

SET SESSION sql_mode = ''

CREATE TABLE single (id int PRIMARY KEY, dec8 varchar(255) CHARACTER SET dec8,
  cp850 varchar(255) CHARACTER SET cp850, hp8 varchar(255) CHARACTER SET hp8, koi8r varchar(255) CHARACTER SET koi8r,
  latin1 varchar(255) CHARACTER SET latin1, latin2 varchar(255) CHARACTER SET latin2,
  swe7 varchar(255) CHARACTER SET swe7, hebrew varchar(255) CHARACTER SET hebrew,
  tis620 varchar(255) CHARACTER SET tis620, koi8u varchar(255) CHARACTER SET koi8u,
  greek varchar(255) CHARACTER SET greek, cp1250 varchar(255) CHARACTER SET cp1250,
  latin5 varchar(255) CHARACTER SET latin5, armscii8 varchar(255) CHARACTER SET armscii8,
  cp866 varchar(255) CHARACTER SET cp866, keybcs2 varchar(255) CHARACTER SET keybcs2,
  macce varchar(255) CHARACTER SET macce, macroman varchar(255) CHARACTER SET macroman,
  cp852 varchar(255) CHARACTER SET cp852, latin7 varchar(255) CHARACTER SET latin7,
  cp1251 varchar(255) CHARACTER SET cp1251, cp1256 varchar(255) CHARACTER SET cp1256,
  cp1257 varchar(255) CHARACTER SET cp1257, geostd8 varchar(255) CHARACTER SET geostd8)

SET @low = UNHEX(CONCAT('000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F202122232425262728292A2B2C2D2E2F',
  '303132333435363738393A3B3C3D3E3F404142434445464748494A4B4C4D4E4F505152535455565758595A5B5C5D5E5F',
  '606162636465666768696A6B6C6D6E6F707172737475767778797A7B7C7D7E7F'));
SET @high = UNHEX(CONCAT('808182838485868788898A8B8C8D8E8F909192939495969798999A9B9C9D9E9FA0A1A2A3A4A5A6A7A8A9AAABACADAEAF',
  'B0B1B2B3B4B5B6B7B8B9BABBBCBDBEBFC0C1C2C3C4C5C6C7C8C9CACBCCCDCECFD0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF',
  'E0E1E2E3E4E5E6E7E8E9EAEBECEDEEEFF0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF'))

INSERT INTO single VALUES (1, @low, @low, @low, @low, @low, @low, @low, @low, @low, @low, @low, @low, @low, @low, @low, @low, @low, @low, @low, @low, @low, @low, @low, @low)

INSERT INTO single VALUES (2, @high, @high, @high, @high, @high, @high, @high, @high, @high, @high, @high, @high, @high, @high, @high, @high, @high, @high, @high, @high, @high, @high, @high, @high)

CREATE TABLE multi (id int PRIMARY KEY, ascii varchar(100) CHARACTER SET ascii,
  utf8mb3 varchar(100) CHARACTER SET utf8mb3, utf8mb4 varchar(100) CHARACTER SET utf8mb4,
  ucs2 varchar(100) CHARACTER SET ucs2, utf16 varchar(100) CHARACTER SET utf16,
  utf16le varchar(100) CHARACTER SET utf16le, utf32 varchar(100) CHARACTER SET utf32,
  big5 varchar(100) CHARACTER SET big5, euckr varchar(100) CHARACTER SET euckr,
  gb2312 varchar(100) CHARACTER SET gb2312, gbk varchar(100) CHARACTER SET gbk, sjis varchar(100) CHARACTER SET sjis,
  cp932 varchar(100) CHARACTER SET cp932, ujis varchar(100) CHARACTER SET ujis,
  eucjpms varchar(100) CHARACTER SET eucjpms)

INSERT INTO multi VALUES (1, 'plain', 'Grüße Ελλάς Россия 日本語 €', 'Grüße Ελλάς Россия 日本語 € 🚆',
  'Grüße Ελλάς Россия 日本語 €', 'Grüße Россия 日本語 🚆', 'Grüße Россия 日本語 🚆', 'Grüße Россия 日本語 🚆', '中文繁體字 功蓋',
  '한국어 가나다', '中文简体字', '中文简体字 繁體 €', '日本語 ソ表 ｶﾅ ～', '日本語 ソ表 ｶﾅ ～ ① 髙 －', '日本語 ソ表 ｶﾅ 丂', '日本語 ソ表 ｶﾅ ～ ① 髙')

-- only: mysql
CREATE TABLE four (id int PRIMARY KEY, g varchar(100) CHARACTER SET gb18030)

-- only: mysql
INSERT INTO four VALUES (1, '中文简体字 繁體 € 🚆 é ḿ')

-- Fixed lengths, labels and texts in them: lengths count bytes, trailing blanks of CHAR are not kept.
CREATE TABLE fixed (id int PRIMARY KEY, u2 char(5) CHARACTER SET ucs2, u16 char(5) CHARACTER SET utf16, u32 char(5) CHARACTER SET utf32,
  s char(5) CHARACTER SET sjis, e enum('日','本') CHARACTER SET utf16, st set('ä','ß') CHARACTER SET ucs2, t text CHARACTER SET utf16)

INSERT INTO fixed VALUES (1, 'a日', 'a🚆', 'a🚆', 'ｶ日', '本', 'ä,ß', 'Text 🚆'), (2, '', '', '', '', NULL, '', '')
