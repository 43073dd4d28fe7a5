//! Values of JavaScript, as native functions make and throw them.

use napi_sys as sys;
use std::any::Any;
use std::ffi::{CStr, c_void};
use std::ptr;

/// The result of a native function.
pub type Result<T> = std::result::Result<T, Failure>;

/// Why a native function does not return a value.
#[derive(Debug)]
pub enum Failure {
    /// An exception is pending already, or the thread is being terminated.
    Interrupted,
    /// Throws an Error.
    Error(Box<ErrorText>),
}

/// An Error that tells of a mistake in this package, or of a system that refuses what it needs. For a fault of a
/// primitive, the user receives a SyncError instead.
#[derive(Debug)]
pub struct ErrorText {
    /// The error's `code`.
    pub code: &'static str,
    /// The error's `message`.
    pub message: String,
}

impl Failure {
    /// An argument that is not what the function takes.
    pub fn invalid(message: &str) -> Self {
        Failure::error("InvalidArg", message)
    }

    /// A call that the runtime or the operating system refused.
    pub fn refused(message: &str) -> Self {
        Failure::error("GenericFailure", message)
    }

    /// An error with a code of Node-API.
    #[cold]
    pub fn error(code: &'static str, message: &str) -> Self {
        Failure::Error(Box::new(ErrorText {
            code,
            message: message.to_owned(),
        }))
    }

    /// The error for a panic.
    #[cold]
    pub fn of_panic(payload: &(dyn Any + Send)) -> Self {
        let text = match payload.downcast_ref::<String>() {
            Some(text) => text.as_str(),
            None => payload.downcast_ref::<&str>().unwrap_or(&"panic"),
        };
        Failure::refused(text)
    }
}

/// Fails with `message` if a call of Node-API failed.
#[inline]
pub fn check(status: sys::napi_status, message: &str) -> Result<()> {
    match status {
        sys::Status::napi_ok => Ok(()),
        sys::Status::napi_pending_exception => Err(Failure::Interrupted),
        _ => Err(Failure::refused(message)),
    }
}

/// A value to hand to JavaScript.
pub enum Value {
    /// `undefined`.
    Undefined,
    /// A boolean.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(String),
    /// An array.
    Array(Vec<Value>),
    /// An object with these properties, without those that are undefined.
    Object(Vec<(&'static CStr, Value)>),
    /// A value that exists already, within the scope of the native call.
    Existing(sys::napi_value),
}

impl From<()> for Value {
    fn from((): ()) -> Self {
        Value::Undefined
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Boolean(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Value::Number(value.into())
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::Number(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::Text(value)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Undefined, T::into)
    }
}

impl<T: Into<Value>> FromIterator<T> for Value {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Value::Array(items.into_iter().map(T::into).collect())
    }
}

/// A Node-API environment, within the scope of a native call or callback on its thread.
#[derive(Clone, Copy)]
pub struct Env(sys::napi_env);

impl Env {
    /// The environment that Node-API passes to a call.
    ///
    /// # Safety
    /// The environment is alive as long as the value is used, and the calling thread is its thread.
    pub unsafe fn new(raw: sys::napi_env) -> Self {
        Env(raw)
    }

    /// The environment, for calls of Node-API.
    pub fn raw(self) -> sys::napi_env {
        self.0
    }

    /// Makes a value in JavaScript.
    pub fn make(self, value: Value) -> Result<sys::napi_value> {
        let mut made = ptr::null_mut();
        // SAFETY: values of this environment, within the scope of the native call.
        let status = unsafe {
            match value {
                Value::Undefined => sys::napi_get_undefined(self.0, &mut made),
                Value::Boolean(value) => sys::napi_get_boolean(self.0, value, &mut made),
                Value::Number(value) => sys::napi_create_double(self.0, value, &mut made),
                Value::Text(text) => return self.text(&text),
                Value::Array(items) => return self.array(items),
                Value::Object(properties) => return self.object(properties),
                Value::Existing(value) => return Ok(value),
            }
        };
        check(status, "cannot make a value")?;
        Ok(made)
    }

    fn text(self, text: &str) -> Result<sys::napi_value> {
        let mut made = ptr::null_mut();
        // SAFETY: the text has this length. It is copied.
        let status = unsafe {
            sys::napi_create_string_utf8(
                self.0,
                text.as_ptr().cast(),
                text.len() as isize,
                &mut made,
            )
        };
        check(status, "cannot make a string")?;
        Ok(made)
    }

    fn array(self, items: Vec<Value>) -> Result<sys::napi_value> {
        let mut array = ptr::null_mut();
        // SAFETY: as in `make`.
        let status = unsafe { sys::napi_create_array_with_length(self.0, items.len(), &mut array) };
        check(status, "cannot make an array")?;
        for (index, item) in items.into_iter().enumerate() {
            let item = self.make(item)?;
            // SAFETY: as in `make`.
            let status = unsafe { sys::napi_set_element(self.0, array, index as u32, item) };
            check(status, "cannot fill an array")?;
        }
        Ok(array)
    }

    fn object(self, properties: Vec<(&CStr, Value)>) -> Result<sys::napi_value> {
        let mut object = ptr::null_mut();
        // SAFETY: as in `make`.
        let status = unsafe { sys::napi_create_object(self.0, &mut object) };
        check(status, "cannot make an object")?;
        for (name, value) in properties {
            if !matches!(value, Value::Undefined) {
                let value = self.make(value)?;
                self.set(object, name, value)?;
            }
        }
        Ok(object)
    }

    /// Sets a property of an object.
    pub fn set(self, object: sys::napi_value, name: &CStr, value: sys::napi_value) -> Result<()> {
        // SAFETY: values of this environment, within the scope of the native call. The name ends with a zero.
        let status = unsafe { sys::napi_set_named_property(self.0, object, name.as_ptr(), value) };
        check(status, "cannot set a property")
    }

    /// The property of an object.
    pub fn get(self, object: sys::napi_value, name: &CStr) -> Result<sys::napi_value> {
        let mut value = ptr::null_mut();
        // SAFETY: as in `set`.
        let status =
            unsafe { sys::napi_get_named_property(self.0, object, name.as_ptr(), &mut value) };
        check(status, "cannot get a property")?;
        Ok(value)
    }

    /// Calls a function. An exception of the function stays pending.
    pub fn call(
        self,
        receiver: sys::napi_value,
        function: sys::napi_value,
        arguments: &[sys::napi_value],
    ) -> Result<sys::napi_value> {
        let mut result = ptr::null_mut();
        // SAFETY: values of this environment, within the scope of the native call.
        let status = unsafe {
            sys::napi_call_function(
                self.0,
                receiver,
                function,
                arguments.len(),
                arguments.as_ptr(),
                &mut result,
            )
        };
        check(status, "cannot call a function")?;
        Ok(result)
    }

    /// Makes a function that calls `callback` with `data`.
    ///
    /// # Safety
    /// The callback may be called with `data` as long as the environment is alive.
    pub unsafe fn function(
        self,
        name: &CStr,
        callback: sys::napi_callback,
        data: *mut c_void,
    ) -> Result<sys::napi_value> {
        let mut made = ptr::null_mut();
        let length = name.count_bytes() as isize;
        // SAFETY: the name has this length. It is copied. The rest is as demanded above.
        let status = unsafe {
            sys::napi_create_function(self.0, name.as_ptr(), length, callback, data, &mut made)
        };
        check(status, "cannot make a function")?;
        Ok(made)
    }

    /// Fails if Node refuses calls that may run JavaScript, as it does from the moment at which the termination of the
    /// thread was asked for. Other runtimes may refuse none.
    pub fn may_call(self) -> Result<()> {
        let undefined = self.make(Value::Undefined)?;
        let mut equals = false;
        // SAFETY: a value of this environment. Of the calls that Node refuses, this one does least.
        let status = unsafe { sys::napi_strict_equals(self.0, undefined, undefined, &mut equals) };
        check(status, "cannot compare two values")
    }

    /// Throws an Error.
    #[cold]
    pub fn throw(self, error: &ErrorText) {
        let (code, message) = (self.text(error.code), self.text(&error.message));
        let mut error = ptr::null_mut();
        if let (Ok(code), Ok(message)) = (code, message) {
            // SAFETY: values of this environment, within the scope of the native call. If the thread is being
            // terminated, both calls fail, and nothing needs to be thrown.
            unsafe {
                sys::napi_create_error(self.0, code, message, &mut error);
                sys::napi_throw(self.0, error);
            }
        }
    }

    /// The text of a string. None for any other value.
    pub fn read_text(self, value: sys::napi_value) -> Option<String> {
        let mut length = 0;
        // SAFETY: a value of this environment. Without a buffer the call returns the length.
        let status = unsafe {
            sys::napi_get_value_string_utf8(self.0, value, ptr::null_mut(), 0, &mut length)
        };
        if status != sys::Status::napi_ok {
            return None;
        }
        let mut bytes = vec![0; length + 1];
        // SAFETY: as above. The buffer has room for the text and a zero behind it.
        unsafe {
            sys::napi_get_value_string_utf8(
                self.0,
                value,
                bytes.as_mut_ptr().cast(),
                bytes.len(),
                &mut length,
            )
        };
        bytes.truncate(length);
        String::from_utf8(bytes).ok()
    }
}
