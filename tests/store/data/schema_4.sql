-- A store of schema 4, as that mudbot made it.
BEGIN TRANSACTION;
CREATE TABLE calls (
	id INTEGER NOT NULL,
	at FLOAT NOT NULL,
	endpoint VARCHAR(80) NOT NULL,
	model VARCHAR(80) NOT NULL,
	outcome VARCHAR(40) NOT NULL,
	prompt_tokens INTEGER NOT NULL,
	completion_tokens INTEGER NOT NULL,
	waited FLOAT NOT NULL,
	latency FLOAT NOT NULL,
	status INTEGER,
	attempts INTEGER,
	cached_tokens INTEGER,
	money FLOAT,
	first FLOAT,
	server VARCHAR(200),
	organization VARCHAR(120),
	session VARCHAR(80),
	plugin VARCHAR(80),
	player VARCHAR(80),
	channel VARCHAR(80),
	shared BOOLEAN,
	PRIMARY KEY (id)
);
INSERT INTO "calls" VALUES(1,1700000001.5,'endpoint1','model1','outcome1',1,1,1700000001.5,1700000001.5,1,1,1,1700000001.5,1700000001.5,'server1','organization1','session1','plugin1','player1','channel1',1);
INSERT INTO "calls" VALUES(2,1700000002.5,'endpoint2','model2','outcome2',2,2,1700000002.5,1700000002.5,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE decisions (
	id INTEGER NOT NULL,
	at FLOAT NOT NULL,
	session VARCHAR(80) NOT NULL,
	speaker VARCHAR(80) NOT NULL,
	source VARCHAR(10) NOT NULL,
	reason TEXT NOT NULL,
	text TEXT NOT NULL,
	PRIMARY KEY (id)
);
INSERT INTO "decisions" VALUES(1,1700000001.5,'session1','speaker1','source1','reason1','掌柜的，来壶酒，多少钱？ it''s 5%; \ "quoted"');
INSERT INTO "decisions" VALUES(2,1700000002.5,'session2','speaker2','source2','reason2','掌柜的，来壶酒，多少钱？ it''s 5%; \ "quoted"');
CREATE TABLE facts (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	at FLOAT NOT NULL,
	character VARCHAR(80) NOT NULL,
	speaker VARCHAR(80) NOT NULL,
	name VARCHAR(80) NOT NULL,
	private BOOLEAN NOT NULL,
	place VARCHAR(120) NOT NULL,
	heard TEXT NOT NULL,
	text TEXT NOT NULL,
	source VARCHAR(10) NOT NULL,
	importance FLOAT NOT NULL,
	model VARCHAR(120),
	vector BLOB
);
INSERT INTO "facts" VALUES(1,1700000001.5,'character1','speaker1','name1',1,'place1','["id:ann"]','掌柜的，来壶酒，多少钱？ it''s 5%; \ "quoted"','source1',1700000001.5,'model1',X'0001FF');
INSERT INTO "facts" VALUES(2,1700000002.5,'character2','speaker2','name2',0,'place2','["id:ann"]','掌柜的，来壶酒，多少钱？ it''s 5%; \ "quoted"','source2',1700000002.5,NULL,NULL);
CREATE TABLE hearers (
	character VARCHAR(80) NOT NULL,
	hearer VARCHAR(120) NOT NULL,
	fact INTEGER NOT NULL,
	PRIMARY KEY (character, hearer, fact)
);
INSERT INTO "hearers" VALUES('character1','hearer1',1);
INSERT INTO "hearers" VALUES('character2','hearer2',2);
CREATE TABLE kept (
	plugin VARCHAR(80) NOT NULL,
	session VARCHAR(80) NOT NULL,
	"key" VARCHAR(200) NOT NULL,
	at FLOAT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (plugin, session, "key")
);
INSERT INTO "kept" VALUES('plugin1','session1','key1',1700000001.5,'{"n": 1}');
INSERT INTO "kept" VALUES('plugin2','session2','key2',1700000002.5,'{"n": 1}');
CREATE TABLE kept_rows (
	id INTEGER NOT NULL,
	plugin VARCHAR(80) NOT NULL,
	session VARCHAR(80) NOT NULL,
	"table" VARCHAR(80) NOT NULL,
	at FLOAT NOT NULL,
	data TEXT NOT NULL,
	PRIMARY KEY (id)
);
INSERT INTO "kept_rows" VALUES(1,'plugin1','session1','table1',1700000001.5,'{"a": [1, 2]}');
INSERT INTO "kept_rows" VALUES(2,'plugin2','session2','table2',1700000002.5,'{"a": [1, 2]}');
CREATE TABLE kept_sizes (
	plugin VARCHAR(80) NOT NULL,
	entries INTEGER NOT NULL,
	size INTEGER NOT NULL,
	PRIMARY KEY (plugin)
);
INSERT INTO "kept_sizes" VALUES('plugin1',1,1);
INSERT INTO "kept_sizes" VALUES('plugin2',2,2);
CREATE TABLE pictures (
	id VARCHAR(16) NOT NULL,
	at FLOAT NOT NULL,
	session VARCHAR(80) NOT NULL,
	speaker VARCHAR(80) NOT NULL,
	prompt TEXT NOT NULL,
	caption TEXT NOT NULL,
	file VARCHAR(80) NOT NULL,
	type VARCHAR(40) NOT NULL,
	PRIMARY KEY (id)
);
INSERT INTO "pictures" VALUES('kq7d3nx',1700000001.5,'session1','speaker1','misty 山','山寺','0123456789abcdef0123456789abcdef.png','type1');
INSERT INTO "pictures" VALUES('kq7d3ny',1700000002.5,'session2','speaker2','misty 山','山寺','0123456789abcdef0123456789abcdef.png','type2');
CREATE TABLE summaries (
	character VARCHAR(80) NOT NULL,
	speaker VARCHAR(80) NOT NULL,
	scope VARCHAR(120) NOT NULL,
	at FLOAT NOT NULL,
	since FLOAT NOT NULL,
	text TEXT NOT NULL,
	PRIMARY KEY (character, speaker, scope)
);
INSERT INTO "summaries" VALUES('character1','speaker1','scope1',1700000001.5,1700000001.5,'掌柜的，来壶酒，多少钱？ it''s 5%; \ "quoted"');
INSERT INTO "summaries" VALUES('character2','speaker2','scope2',1700000002.5,1700000002.5,'掌柜的，来壶酒，多少钱？ it''s 5%; \ "quoted"');
CREATE TABLE turns (
	id INTEGER NOT NULL,
	at FLOAT NOT NULL,
	character VARCHAR(80) NOT NULL,
	speaker VARCHAR(80) NOT NULL,
	private BOOLEAN NOT NULL,
	name VARCHAR(80) NOT NULL,
	text TEXT NOT NULL,
	own BOOLEAN NOT NULL,
	place VARCHAR(120),
	heard TEXT,
	PRIMARY KEY (id)
);
INSERT INTO "turns" VALUES(1,1700000001.5,'character1','speaker1',1,'name1','掌柜的，来壶酒，多少钱？ it''s 5%; \ "quoted"',1,'place1','["id:ann"]');
INSERT INTO "turns" VALUES(2,1700000002.5,'character2','speaker2',0,'name2','掌柜的，来壶酒，多少钱？ it''s 5%; \ "quoted"',1,NULL,NULL);
CREATE INDEX turns_by_speaker ON turns (character, speaker, private, id);
CREATE INDEX calls_by_time ON calls (at);
CREATE INDEX kept_rows_by_table ON kept_rows (plugin, session, "table", id);
CREATE INDEX facts_by_speaker ON facts (character, speaker, id);
CREATE INDEX hearers_by_fact ON hearers (fact);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('facts',2);
COMMIT;
PRAGMA user_version=4;
