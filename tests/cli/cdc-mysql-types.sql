SET sql_mode = '';
CREATE TABLE t(id int PRIMARY KEY,
 i1 tinyint, u1 tinyint unsigned, i2 smallint, u2 smallint unsigned, i3 mediumint, u3 mediumint unsigned, i4 int, u4 int unsigned, i8 bigint, u8 bigint unsigned,
 de decimal(65,30), d2 decimal(10,0), d3 decimal(4,4), d4 decimal(20,9), fl float, db double, b1 bit, b9 bit(9), b64 bit(64), bo bool,
 ye year, da date, ti time, ti3 time(3), ti6 time(6), dt datetime, dt1 datetime(1), dt6 datetime(6), ts timestamp NULL, ts2 timestamp(2) NULL, ts6 timestamp(6) NULL,
 ch char(5), cl char(200) character set utf8mb4, vc varchar(10), vl varchar(300), tt tinytext, tx text, mt mediumtext, lt longtext,
 la varchar(20) character set latin1, gr varchar(20) character set greek, u16 varchar(20) character set utf16, u32 text character set utf32, uc char(9) character set ucs2, sj varchar(9) character set sjis, en2 enum('ä','é') character set latin1,
 bi binary(4), bl binary(16), vb varbinary(10), tb tinyblob, bb blob, mb mediumblob, lb longblob,
 en enum('a','b,c','ü'), se set('x','y','z'), js json, uu uuid, i6 inet6, i4a inet4, ge geometry, po point,
 cv varchar(100) compressed, ct text compressed, cb blob compressed, inv int invisible, gv int as (id+1) virtual, gs int as (id+2) stored);
SET time_zone='+05:30';
INSERT INTO t(id,i1,u1,i2,u2,i3,u3,i4,u4,i8,u8,de,d2,d3,d4,fl,db,b1,b9,b64,bo,ye,da,ti,ti3,ti6,dt,dt1,dt6,ts,ts2,ts6,ch,cl,vc,vl,tt,tx,mt,lt,la,gr,u16,u32,uc,sj,en2,bi,bl,vb,tb,bb,mb,lb,en,se,js,uu,i6,i4a,ge,po,cv,ct,cb,inv) VALUES
(1,-128,255,-32768,65535,-8388608,16777215,-2147483648,4294967295,-9223372036854775808,18446744073709551615,
 -12345678901234567890123456789012345.123456789012345678901234567890,-9999999999,0.0001,-12345678901.123456789,1.1,0.1e0+0.2e0,1,b'101010101',0xffffffffffffffff,true,
 2026,'2026-02-28','-838:59:59','-00:00:01.500','838:59:58.000001','2026-02-28 01:02:03','2026-02-28 01:02:03.5','9999-12-31 23:59:59.999999','2026-02-28 01:02:03','2026-02-28 01:02:03.25','2038-01-19 08:44:07.999999',
 'ab','häß','it''s',repeat('€',100),'t','q" \\ \n\t','m',repeat('long ',1000),'äöü€\x81','αβγ','a€😀','x😀','uéc','日本','é',
 0x00ff00,0x01020300,0x00ff10,0x01,'',0xff,repeat(0xfe,300),'b,c','x,z','{"a": [1, null]}','a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a00','::ffff:10.0.0.1','10.0.0.0',POINT(1,2),POINT(3,4),
 repeat('z',90),repeat('compress me ',500),repeat(0x00,1000),7),
(2,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,false,0,'0000-00-00','00:00:00','00:00:00','00:00:00','0000-00-00 00:00:00','0000-00-00','0000-00-00','0000-00-00','0000-00-00','0000-00-00',
 '','','','','','','','','','','','','','','ä',0,0,'','','','','','a','','0','00000000-0000-0000-0000-000000000000','::','0.0.0.0',NULL,NULL,'','','',0),
(3,1,1,1,1,1,1,1,1,1,1,0.5,1,-0.9999,-0.000000001,-0.0,1e300,0,b'1',1,0,1901,'1000-01-01','12:34:56','100:00:00.001','-100:00:00.000001','1000-01-01 00:00:00','1970-01-01 00:00:00.9','2000-02-29 12:00:00.000100','1970-01-01 05:30:01','1970-01-01 05:30:00.01','2000-02-29 00:00:00.000001',
 'x','y','z','w','v','u','t','s','r','q','p','o','n','m','ä',1,1,1,1,1,1,1,'ü','y','[]','ffffffff-ffff-ffff-ffff-ffffffffffff','2001:db8::1','255.255.255.255',NULL,NULL,'short','s',0x00,NULL),
(5,1,1,1,1,1,1,1,1,1,1,0.5,1,-0.9999,-0.000000001,3.4028234e38,-1.7976931348623157e308,0,b'1',1,0,1901,'1000-01-01','12:34:56','100:00:00.001','-00:00:00.000001','1000-01-01 00:00:00','1970-01-01 00:00:00.9','2000-02-29 12:00:00.000100','1970-01-01 05:30:01','1970-01-01 05:30:00.01','2000-02-29 00:00:00.000001',
 'x','y','z','w','v','u','t','s','r','q','p','o','n','m','ä',1,1,1,1,1,1,1,'ü','x,y,z','[]','ffffffff-ffff-ffff-ffff-ffffffffffff','2001:db8::1','255.255.255.255',NULL,NULL,'short','s',0x00,NULL);
INSERT INTO t(id) VALUES(4);
