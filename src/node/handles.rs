//! Numbers for native objects: all that is done to them are functions that take a number. A method of a class is called
//! through an object that Node-API has to unwrap, which costs more than all else of the call, and which it refuses in a
//! thread that is being stopped: an unlock would not happen there, and the code after it go on for a moment as if it had.
//!
//! The object keeps its number for as long as it lives, and JavaScript keeps the object for as long as it uses the number.

use napi::bindgen_prelude::*;
use std::cell::RefCell;
use std::ops::Deref;
use std::rc::Rc;
use std::thread::LocalKey;

/// The objects of one class in this thread.
pub struct Handles<T> {
    slots: RefCell<Slots<T>>,
}

struct Slots<T> {
    values: Vec<Option<Rc<T>>>,
    free: Vec<u32>,
}

impl<T> Handles<T> {
    /// None yet.
    pub const fn new() -> Self {
        Handles {
            slots: RefCell::new(Slots {
                values: Vec::new(),
                free: Vec::new(),
            }),
        }
    }
}

/// What has numbers.
pub trait Numbered: Sized + 'static {
    /// The objects of this class in this thread.
    const HANDLES: &'static LocalKey<Handles<Self>>;

    /// The object of a number. A clone: the call may block, and run code of the user's that makes others.
    fn of(handle: u32) -> Result<Rc<Self>> {
        Self::HANDLES
            .with(|handles| {
                let slots = handles.slots.borrow();
                slots.values.get(handle as usize).cloned().flatten()
            })
            .ok_or_else(|| Error::new(Status::InvalidArg, "no object has this number"))
    }
}

/// An object with its number.
pub struct Handle<T: Numbered> {
    value: Rc<T>,
    number: u32,
}

impl<T: Numbered> Handle<T> {
    /// Gives it a number.
    pub fn new(value: T) -> Self {
        let value = Rc::new(value);
        let number = T::HANDLES.with(|handles| {
            let Slots { values, free } = &mut *handles.slots.borrow_mut();
            let entry = Some(Rc::clone(&value));
            match free.pop() {
                Some(number) => {
                    values[number as usize] = entry;
                    number
                }
                None => {
                    values.push(entry);
                    (values.len() - 1) as u32
                }
            }
        });
        Handle { value, number }
    }

    /// The number.
    pub fn number(&self) -> u32 {
        self.number
    }
}

impl<T: Numbered> Deref for Handle<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Numbered> Drop for Handle<T> {
    fn drop(&mut self) {
        // Fails where the thread is ending, and its objects with it.
        let removed = T::HANDLES.try_with(|handles| {
            let Slots { values, free } = &mut *handles.slots.borrow_mut();
            free.push(self.number);
            values[self.number as usize].take()
        });
        drop(removed);
    }
}

/// Gives the objects of a class numbers.
macro_rules! numbered {
    ($class:ty) => {
        thread_local! {
            static HANDLES: $crate::node::handles::Handles<$class> =
                const { $crate::node::handles::Handles::new() };
        }

        impl $crate::node::handles::Numbered for $class {
            const HANDLES: &'static std::thread::LocalKey<$crate::node::handles::Handles<Self>> =
                &HANDLES;
        }
    };
}
pub(super) use numbered;
