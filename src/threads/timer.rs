//! stub
use crate::futex::Deadline;
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, OnceLock};
/// x
pub trait Expire: Send + Sync {
    /// x
    fn expired(&self);
}
#[derive(Default)]
struct S { m: Mutex<(u64, BTreeMap<(Deadline, u64), Arc<dyn Expire>>)>, c: Condvar }
/// x
#[derive(Default)]
pub struct Timer { s: OnceLock<Arc<S>> }
/// x
pub struct Limit { s: Arc<S>, k: (Deadline, u64) }
impl Drop for Limit { fn drop(&mut self) { self.s.m.lock().unwrap().1.remove(&self.k); } }
impl Timer {
    /// x
    pub fn set(&self, deadline: Deadline, target: Arc<dyn Expire>) -> std::io::Result<Limit> {
        let s = self.s.get_or_init(|| { let s = Arc::new(S::default()); let t = s.clone(); std::thread::spawn(move || loop {
            let mut g = t.m.lock().unwrap();
            let now = Deadline::now();
            match g.1.first_key_value().map(|(k, _)| *k) {
                None => drop(t.c.wait(g)),
                Some(k) if k.0 <= now => { let e = g.1.remove(&k).unwrap(); drop(g); e.expired(); }
                Some(k) => drop(t.c.wait_timeout(g, std::time::Duration::from_nanos(k.0.as_nanoseconds() - now.as_nanoseconds()))),
            }
        }); s });
        let mut g = s.m.lock().unwrap();
        g.0 += 1;
        let k = (deadline, g.0);
        g.1.insert(k, target);
        s.c.notify_one();
        Ok(Limit { s: s.clone(), k })
    }
}
