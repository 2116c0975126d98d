//! One run of a pipeline, from its first deadline to its last sink.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle, Thread, ThreadId};
use std::time::{Duration, Instant};

use cpu_time::ThreadTime;

use super::acquisition::Around;
use super::clock::Clock;
use super::consumer::Consumer;
use super::handover::Handover;
use super::newest::Newest;
use super::queue::Queue;
use super::reader::Reader;
use super::report::{Counts, Ended, Report, Responses};
use super::work::Present;
use super::{Acquisition, Failure, Work};
use crate::error::Error;
use crate::process::Output;

/// The source's and the consumer's.
const THREADS: usize = 2;

/// A run that has begun.
#[derive(Debug)]
pub struct Run {
    shared: Arc<Shared>,
    ids: [ThreadId; THREADS],
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What both threads and whoever watches them look at.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) queue: Queue,
    pub(super) handover: Handover,
    pub(super) newest: Newest,
    pub(super) responses: Responses,
    pub(super) clock: Clock,
    /// The source is to end.
    pub(super) stop: AtomicBool,
    /// The thread that reads the source, which may sleep until its next deadline.
    reader: OnceLock<Thread>,
    /// The present call of each thread.
    pub(super) reading: Present,
    pub(super) consuming: Present,
    end: Mutex<End>,
    over: Condvar,
}

/// What is known at the end.
#[derive(Debug, Default)]
struct End {
    reason: Option<Ended>,
    failures: Vec<Failure>,
    /// The threads that are done, and their processor time.
    done: usize,
    cpu: Duration,
    /// How long it took until the sinks were closed.
    elapsed: Option<Duration>,
}

impl Run {
    pub(super) fn start(acquisition: Acquisition) -> Result<Self, Failure> {
        let Acquisition {
            source,
            stages,
            sinks,
            capacity,
            on_full,
            duration,
            read,
            newest,
            around,
        } = acquisition;
        let mut consumer = Consumer::new(stages, sinks);
        consumer.reset()?;
        let shared = Arc::new(Shared {
            queue: Queue::new(capacity, on_full),
            handover: Handover::new(read),
            newest: Newest::new(newest),
            responses: Responses::default(),
            clock: Clock::default(),
            stop: AtomicBool::new(false),
            reader: OnceLock::new(),
            reading: Present::default(),
            consuming: Present::default(),
            end: Mutex::default(),
            over: Condvar::new(),
        });
        let mut reader = Reader::new(source, duration);
        let reading = move |shared: &Shared| {
            // Before the first batch: a consumer that fails at it has to find whom to wake.
            shared.reader.get_or_init(thread::current);
            let ended = guarded(|| reader.run(shared));
            let closed = guarded(|| reader.close(shared));
            shared.source_ended(ended, closed.err());
        };
        let consuming = move |shared: &Shared| {
            if let Err(failure) = consumer.run(shared) {
                shared.failed(failure);
            }
            let closed = guarded(|| Ok(consumer.close(shared)));
            shared.closed(closed.unwrap_or_else(|failure| vec![failure]));
        };
        let consumer = spawn("rust-daq-consumer", &shared, around, consuming)?;
        let reader = spawn("rust-daq-source", &shared, around, reading).inspect_err(|_| {
            // What the consumer would wait for never comes.
            shared.queue.finish();
        })?;
        shared.reader.get_or_init(|| reader.thread().clone());
        let ids = [reader.thread().id(), consumer.thread().id()];
        Ok(Self { shared, ids, threads: Mutex::new(vec![reader, consumer]) })
    }

    /// Ends the source; what waits is then processed, or abandoned unless `drain`. Does not wait.
    pub fn stop(&self, drain: bool) {
        self.shared.stop_source();
        if !drain {
            self.shared.queue.abandon();
            self.shared.handover.abandon();
        }
    }

    /// Lets a loop in the present thread take each batch from the next one on; the number by which it does, or `None`
    /// while another loop reads.
    #[must_use]
    pub fn attach(&self) -> Option<u64> {
        self.shared.handover.attach()
    }

    /// Takes the next processed batch, for which it waits so long at most; the consumer waits until then.
    #[must_use]
    pub fn take(&self, reader: u64, longest: Duration) -> Option<Output> {
        self.shared.handover.take(reader, longest)
    }

    /// Waits until there is something to take or the run is over, and for so long at most.
    pub fn await_offer(&self, longest: Duration) {
        self.shared.handover.await_offer(longest);
    }

    /// Ends the reading of one loop, or of any; the run goes on without it.
    pub fn leave(&self, reader: Option<u64>) {
        self.shared.handover.leave(reader);
    }

    /// Whether the loop that reads was last seen in the present thread, which must not wait for the run then.
    #[must_use]
    pub fn is_read_here(&self) -> bool {
        self.shared.handover.is_read_here()
    }

    /// The newest points that were processed, or frames of spectra, at most so many, which are kept from now on.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn latest(&self, points: usize) -> Result<Output, Error> {
        self.shared.newest.joined(points)
    }

    /// Whether the caller is one of the run's own threads, in which nobody can wait for its end.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        self.ids.contains(&thread::current().id())
    }

    /// The calls into parts of the pipeline that are under way.
    #[must_use]
    pub fn work(&self) -> Vec<Work> {
        [&self.shared.reading, &self.shared.consuming]
            .into_iter()
            .filter_map(Present::get)
            .collect()
    }

    /// Waits until all is over, or for so long; whether all is over. No thread is then left.
    ///
    /// One of the run's own threads is told that it is not over, at once.
    pub fn wait(&self, longest: Option<Duration>) -> bool {
        if self.is_inside() {
            return false;
        }
        let deadline = longest.and_then(|longest| Instant::now().checked_add(longest));
        let mut end = self.shared.end();
        while end.elapsed.is_none() {
            end = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
            {
                Some(Duration::ZERO) => return false,
                Some(left) => {
                    let woken = self.shared.over.wait_timeout(end, left);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.shared.over.wait(end).unwrap_or_else(PoisonError::into_inner),
            };
        }
        drop(end);
        let threads = std::mem::take(&mut *unpoisoned(&self.threads));
        for thread in threads {
            // What it panicked with is among the failures.
            let _ = thread.join();
        }
        true
    }

    /// What was counted, so far or in the end.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.queue.counts()
    }

    /// Counts and times, so far or in the end.
    #[must_use]
    pub fn report(&self) -> Report {
        let end = self.shared.end();
        Report {
            counts: self.counts(),
            elapsed: end.elapsed.unwrap_or_else(|| self.shared.clock.passed()),
            cpu: end.elapsed.map(|_| end.cpu),
            ended: end.elapsed.and(end.reason),
            responses: self.shared.responses.taken(),
        }
    }

    /// Looks at what went wrong and was not taken yet.
    pub fn each_failure(&self, look: impl FnMut(&Failure)) {
        self.shared.end().failures.iter().for_each(look);
    }

    /// Takes what went wrong, the cause first.
    #[must_use]
    pub fn take_failures(&self) -> Vec<Failure> {
        std::mem::take(&mut self.shared.end().failures)
    }
}

impl Drop for Run {
    /// Nobody can stop it later. Its threads end by themselves: to wait for them here could take for ever.
    fn drop(&mut self) {
        self.stop(false);
    }
}

impl Shared {
    fn end(&self) -> MutexGuard<'_, End> {
        unpoisoned(&self.end)
    }

    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Asks the source to end, and wakes it.
    fn stop_source(&self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(reader) = self.reader.get() {
            reader.unpark();
        }
    }

    /// What came before is still processed: it is as good as ever.
    fn source_ended(&self, ended: Result<Ended, Failure>, unclosed: Option<Failure>) {
        let mut end = self.end();
        match ended {
            Ok(reason) => drop(end.reason.get_or_insert(reason)),
            Err(failure) => {
                end.reason.get_or_insert(Ended::Failed);
                end.failures.push(failure);
            }
        }
        if let Some(failure) = unclosed {
            end.reason = Some(Ended::Failed);
            end.failures.push(failure);
        }
        drop(end);
        self.queue.finish();
    }

    fn failed(&self, failure: Failure) {
        let mut end = self.end();
        end.reason = Some(Ended::Failed);
        end.failures.push(failure);
        drop(end);
        self.stop_source();
        self.queue.abandon();
        self.handover.abandon();
    }

    fn closed(&self, failures: Vec<Failure>) {
        let mut end = self.end();
        if !failures.is_empty() {
            end.reason = Some(Ended::Failed);
        }
        end.failures.extend(failures);
    }

    /// Says that one of the two threads has nothing left to do.
    fn done(&self, cpu: Duration) {
        let mut end = self.end();
        end.cpu += cpu;
        end.done += 1;
        if end.done == THREADS {
            end.elapsed = Some(self.clock.passed());
            self.over.notify_all();
            drop(end);
            self.handover.finish();
        }
    }
}

fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does the work on a thread, and counts its time.
fn spawn(
    name: &str,
    shared: &Arc<Shared>,
    around: Around,
    work: impl FnOnce(&Shared) + Send + 'static,
) -> Result<JoinHandle<()>, Error> {
    let shared = Arc::clone(shared);
    let timed = move || {
        let cpu = ThreadTime::now();
        let mut work = Some(work);
        around(&mut || {
            if let Some(work) = work.take() {
                work(&shared);
            }
        });
        shared.done(cpu.elapsed());
    };
    let failed = |error: std::io::Error| Error::Thread { reason: error.to_string() };
    thread::Builder::new().name(name.to_owned()).spawn(timed).map_err(failed)
}

/// The work, with a panic as a failure.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Err(Error::Panicked { message: text.unwrap_or("no message").to_owned() }.into())
    })
}
