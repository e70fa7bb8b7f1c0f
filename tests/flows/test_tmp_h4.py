import threading, pytest
from datetime import UTC, date, datetime
from gateway import ledger
from gateway.errors import *
from gateway.store.engine import make_engine, make_sessions
from gateway.rules.facts import Caller
from gateway.schemas.codes import *
from gateway.sealing import keys as k, notes, tree
NOW=datetime(2026,11,21,12,tzinfo=UTC)
C=Caller("larch",AgencyKind.IDVA,"marlbury")
@pytest.fixture
def keys(tmp_path):
    k.make(tmp_path/"keys",on=date(2026,11,1)); return k.load(tmp_path/"keys")
@pytest.fixture
def sessions(database_url):
    e=make_engine(database_url); yield make_sessions(e); e.dispose()
def test_a(sessions,keys):
    for i in range(300):
        with ledger.begin(sessions,keys,C,NOW) as w:
            w.record("x","00000000-0000-4000-8000-00000000000%d"%(i%3),because="y",purpose=Purpose.P2,levels={"incidents":Level.FULL})
    assert ledger.sequence(sessions,keys,now=NOW)==300
    assert ledger.verify(sessions,keys,deep=True)==ledger.Report(300)
    with sessions() as s: ledger.check_head(s,keys); print(ledger.newest_checkpoint(s))
def test_b(sessions,keys):
    made=[]
    def run(n):
        for i in range(40):
            with ledger.begin(sessions,keys,Caller(f"a{n%3}",AgencyKind.IDVA,"m"),NOW) as w:
                e=w.record("x","00000000-0000-4000-8000-00000000000%d"%(i%3),because="y")
            made.append(e); ledger.wait_for(sessions,keys,e.id,NOW) if i%4==0 else ledger.sequence(sessions,keys,now=NOW)
    ts=[threading.Thread(target=run,args=(n,)) for n in range(8)]
    [t.start() for t in ts];[t.join() for t in ts]
    assert len(made)==320
    while ledger.sequence(sessions,keys,now=NOW): pass
    assert ledger.verify(sessions,keys,deep=True)==ledger.Report(320)
