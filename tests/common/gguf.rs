//! Deliberately invalid GGUF files: takes the tiny model apart, changes it, and writes it again
//! without any checks. (<https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>)

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::{Content, Value};

use super::TINY;

/// A GGUF file in memory.
#[derive(Clone)]
pub struct File {
    pub version: u32,
    pub metadata: Vec<(String, Value)>,
    pub tensors: Vec<Entry>,
    pub alignment: usize,
    pub data: Vec<u8>,
}

/// A tensor's header entry.
#[derive(Clone)]
pub struct Entry {
    pub name: String,
    /// Fastest-varying first, as in files.
    pub dims: Vec<u64>,
    /// ggml's number of the storage format.
    pub kind: u32,
    pub offset: u64,
}

impl File {
    /// The tiny model, unchanged.
    pub fn tiny() -> Self {
        Self::read(TINY)
    }

    /// A fixture, unchanged; keys and tensors by name.
    pub fn read(bytes: &[u8]) -> Self {
        let content = Content::read(&mut Cursor::new(bytes)).expect("the fixture is GGUF");
        let kind = |dtype| match dtype {
            GgmlDType::F32 => 0,
            GgmlDType::F16 => 1,
            GgmlDType::Q4_0 => 2,
            GgmlDType::Q4_1 => 3,
            GgmlDType::Q5_0 => 6,
            GgmlDType::Q5_1 => 7,
            GgmlDType::Q8_0 => 8,
            GgmlDType::Q4K => 12,
            GgmlDType::Q5K => 13,
            GgmlDType::Q6K => 14,
            GgmlDType::BF16 => 30,
            other => panic!("the fixture has no {other:?}"),
        };
        let mut metadata: Vec<_> = content.metadata.into_iter().collect();
        metadata.sort_by(|a, b| a.0.cmp(&b.0));
        let mut tensors: Vec<Entry> = content
            .tensor_infos
            .into_iter()
            .map(|(name, info)| Entry {
                name,
                dims: info.shape.dims().iter().rev().map(|dim| *dim as u64).collect(),
                kind: kind(info.ggml_dtype),
                offset: info.offset,
            })
            .collect();
        tensors.sort_by(|a, b| a.name.cmp(&b.name));
        let data = bytes[content.tensor_data_offset as usize..].to_vec();
        Self { version: 3, metadata, tensors, alignment: 32, data }
    }

    /// Sets or adds the value under `key`.
    pub fn set(mut self, key: &str, value: Value) -> Self {
        match self.metadata.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = value,
            None => self.metadata.push((key.into(), value)),
        }
        self
    }

    /// Removes `key`.
    pub fn without(mut self, key: &str) -> Self {
        self.metadata.retain(|(name, _)| name != key);
        self
    }

    /// Changes the list under `key`.
    pub fn edit(mut self, key: &str, change: impl FnOnce(&mut Vec<Value>)) -> Self {
        match self.metadata.iter_mut().find(|(name, _)| name == key) {
            Some((_, Value::Array(values))) => change(values),
            _ => panic!("{key} is no list"),
        }
        self
    }

    /// Changes the entry of tensor `name`.
    pub fn tensor(mut self, name: &str, change: impl FnOnce(&mut Entry)) -> Self {
        change(self.tensors.iter_mut().find(|t| t.name == name).expect("a tensor of the model"));
        self
    }

    /// Length of the header, including tensor entries.
    pub fn header_len(&self) -> usize {
        self.bytes().len() - self.data.len()
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut out = b"GGUF".to_vec();
        out.extend(self.version.to_le_bytes());
        out.extend((self.tensors.len() as u64).to_le_bytes());
        out.extend((self.metadata.len() as u64).to_le_bytes());
        for (key, value) in &self.metadata {
            write_string(&mut out, key);
            out.extend(type_number(value).to_le_bytes());
            write_value(&mut out, value);
        }
        for tensor in &self.tensors {
            write_string(&mut out, &tensor.name);
            out.extend((tensor.dims.len() as u32).to_le_bytes());
            tensor.dims.iter().for_each(|dim| out.extend(dim.to_le_bytes()));
            out.extend(tensor.kind.to_le_bytes());
            out.extend(tensor.offset.to_le_bytes());
        }
        out.resize(out.len().next_multiple_of(self.alignment), 0);
        out.extend(&self.data);
        out
    }
}

pub fn text(text: &str) -> Value {
    Value::String(text.into())
}

fn write_string(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

fn type_number(value: &Value) -> u32 {
    match value {
        Value::U8(_) => 0,
        Value::I8(_) => 1,
        Value::U16(_) => 2,
        Value::I16(_) => 3,
        Value::U32(_) => 4,
        Value::I32(_) => 5,
        Value::F32(_) => 6,
        Value::Bool(_) => 7,
        Value::String(_) => 8,
        Value::Array(_) => 9,
        Value::U64(_) => 10,
        Value::I64(_) => 11,
        Value::F64(_) => 12,
    }
}

fn write_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::U8(v) => out.push(*v),
        Value::I8(v) => out.extend(v.to_le_bytes()),
        Value::U16(v) => out.extend(v.to_le_bytes()),
        Value::I16(v) => out.extend(v.to_le_bytes()),
        Value::U32(v) => out.extend(v.to_le_bytes()),
        Value::I32(v) => out.extend(v.to_le_bytes()),
        Value::U64(v) => out.extend(v.to_le_bytes()),
        Value::I64(v) => out.extend(v.to_le_bytes()),
        Value::F32(v) => out.extend(v.to_le_bytes()),
        Value::F64(v) => out.extend(v.to_le_bytes()),
        Value::Bool(v) => out.push(u8::from(*v)),
        Value::String(v) => write_string(out, v),
        Value::Array(values) => {
            out.extend(values.first().map_or(4, type_number).to_le_bytes());
            out.extend((values.len() as u64).to_le_bytes());
            values.iter().for_each(|value| write_value(out, value));
        }
    }
}

/// A file that fails to read after this many bytes.
pub struct Failing(pub Cursor<Vec<u8>>, pub u64);

impl Read for Failing {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.0.position() < self.1 {
            true => self.0.read(buf),
            false => Err(io::Error::other("the disk is gone")),
        }
    }
}

impl Seek for Failing {
    fn seek(&mut self, pos: SeekFrom) -> io::Result<u64> {
        self.0.seek(pos)
    }
}
