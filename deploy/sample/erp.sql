-- The ERP, on MariaDB: thirty years old and not to be touched. Short German names, latin1, no foreign keys; dates,
-- amounts and flags are in whatever could hold them when the table was made. tailrace.yaml says what they really are.

CREATE TABLE KDST (                -- Kundenstamm: what all companies of the group know about a customer
    MDT   char(3)     NOT NULL,    -- client: 100 is the real one, 900 is for tests
    KDNR  char(10)    NOT NULL,    -- customer number, with leading zeros: text, not a number
    NAM1  varchar(35) NOT NULL,    -- company, filled up with blanks by the programs that write it
    NAM2  varchar(35) NOT NULL,    -- contact, likewise
    USTID varchar(20) NOT NULL,    -- VAT id
    SPR   char(2)     NOT NULL,    -- language
    ANLDT char(8)     NOT NULL,    -- created: yyyymmdd, 00000000 for unknown
    LOEKZ char(1)     NOT NULL,    -- X: marked for deletion
    VERMK varchar(60) NOT NULL,    -- note, typed in under DOS: bytes of cp850 in a latin1 column
    PRIMARY KEY (MDT, KDNR)
) CHARACTER SET latin1;

CREATE TABLE KDBU (                -- Buchungskreis: the accountants' view, one row for each company
    MDT   char(3)     NOT NULL,
    BKR   char(4)     NOT NULL,    -- company
    KDNR  char(10)    NOT NULL,
    ZTERM char(4)     NOT NULL,    -- payment terms
    KRLIM binary(7)   NOT NULL,    -- credit limit: packed decimal, two places
    MAHNS char(1)     NOT NULL,    -- dunning level
    SPERR char(1)     NOT NULL,    -- X: blocked
    PRIMARY KEY (MDT, BKR, KDNR)
) CHARACTER SET latin1;

CREATE TABLE KDVT (                -- Vertrieb: the sales view, one row for each sales organisation
    MDT   char(3)     NOT NULL,
    VKORG char(4)     NOT NULL,
    KDNR  char(10)    NOT NULL,
    KDGRP char(2)     NOT NULL,    -- customer group
    PRLST char(2)     NOT NULL,    -- price list
    RABAT char(5)     NOT NULL,    -- discount in percent: zoned decimal, two places
    WAERS char(5)     NOT NULL,    -- currency
    LBEST decimal(7)  NOT NULL,    -- last order: cyymmdd, 0 for none
    PRIMARY KEY (MDT, VKORG, KDNR)
) CHARACTER SET latin1;

CREATE TABLE ADRS (                -- Adressen
    ADRNR char(10)    NOT NULL,
    MDT   char(3)     NOT NULL,
    KDNR  char(10)    NOT NULL,
    ART   char(2)     NOT NULL,    -- RE: invoices, LI: deliveries
    STR   varchar(40) NOT NULL,
    PLZ   char(10)    NOT NULL,
    ORT   varchar(40) NOT NULL,
    LKZ   char(3)     NOT NULL,
    GABDT date        NOT NULL,    -- valid from and until; 0000-00-00: for ever
    GBIDT date        NOT NULL,
    PRIMARY KEY (ADRNR),
    KEY (KDNR)
) CHARACTER SET latin1;

CREATE TABLE OPOS (                -- offene Posten: invoices not paid yet. It never had a primary key
    MDT   char(3)     NOT NULL,
    BKR   char(4)     NOT NULL,
    KDNR  char(10)    NOT NULL,
    GJAHR char(4)     NOT NULL,    -- fiscal year
    BELNR char(10)    NOT NULL,    -- document
    POS   char(3)     NOT NULL,    -- line of it
    BLDAT char(8)     NOT NULL,    -- date of the document: yyyymmdd
    FAEDT decimal(6)  NOT NULL,    -- due: cyyddd, the day of the year
    BETRG varchar(14) NOT NULL,    -- amount in cents, a minus sign behind
    WAERS char(5)     NOT NULL,
    KEY (BELNR)
) CHARACTER SET latin1;
