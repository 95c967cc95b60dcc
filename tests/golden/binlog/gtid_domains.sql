-- flavours: mariadb
-- MariaDB's GTIDs: several domains and servers, sequence numbers with gaps, group flags, two files.

SET GLOBAL gtid_strict_mode = 0

CREATE TABLE t (id int PRIMARY KEY) ENGINE=InnoDB

CREATE TABLE m (id int PRIMARY KEY) ENGINE=MyISAM

INSERT INTO t VALUES (1)

SET gtid_domain_id = 7; INSERT INTO t VALUES (2)

SET gtid_seq_no = 1000; INSERT INTO t VALUES (3)

SET server_id = 4294967295, gtid_domain_id = 4294967295, gtid_seq_no = 18446744073709551614; INSERT INTO t VALUES (4)

SET server_id = 1, gtid_domain_id = 0; INSERT INTO m VALUES (1)

SET skip_replication = 1; INSERT INTO t VALUES (5); SET skip_replication = 0

SET skip_parallel_replication = 1; INSERT INTO t VALUES (6); SET skip_parallel_replication = 0

-- do: rotate

INSERT INTO t VALUES (7)

-- do: restart

INSERT INTO t VALUES (8)
