-- A store of schema 1, as that mudbot made it.
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
	PRIMARY KEY (id)
);
INSERT INTO "calls" VALUES(1,1700000001.5,'endpoint1','model1','outcome1',1,1,1700000001.5,1700000001.5);
INSERT INTO "calls" VALUES(2,1700000002.5,'endpoint2','model2','outcome2',2,2,1700000002.5,1700000002.5);
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
CREATE TABLE turns (
	id INTEGER NOT NULL,
	at FLOAT NOT NULL,
	character VARCHAR(80) NOT NULL,
	speaker VARCHAR(80) NOT NULL,
	private BOOLEAN NOT NULL,
	name VARCHAR(80) NOT NULL,
	text TEXT NOT NULL,
	own BOOLEAN NOT NULL,
	PRIMARY KEY (id)
);
INSERT INTO "turns" VALUES(1,1700000001.5,'character1','speaker1',1,'name1','掌柜的，来壶酒，多少钱？ it''s 5%; \ "quoted"',1);
INSERT INTO "turns" VALUES(2,1700000002.5,'character2','speaker2',0,'name2','掌柜的，来壶酒，多少钱？ it''s 5%; \ "quoted"',1);
CREATE INDEX turns_by_speaker ON turns (character, speaker, private, id);
COMMIT;
PRAGMA user_version=1;
