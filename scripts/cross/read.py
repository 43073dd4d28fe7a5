"""Prints what a Mach-O or PE file is and needs, as JSON, by macholib and pefile.

Usage: python3 read.py FILE
"""

import hashlib
import json
import struct
import sys

from macholib import MachO, SymbolTable, mach_o
import pefile

CODE_DIRECTORY = 0xFADE0C02


def version(number):
    major, minor = number >> 16, number >> 8 & 0xFF
    return f"{major}.{minor}"


def wrong_pages(data, start):
    """The pages whose hashes in the signature at `start` differ from the file's. None if there is no code directory."""
    _, _, count = struct.unpack_from(">III", data, start)
    for i in range(count):
        _, offset = struct.unpack_from(">II", data, start + 12 + 8 * i)
        at = start + offset
        (magic,) = struct.unpack_from(">I", data, at)
        if magic != CODE_DIRECTORY:
            continue
        hashes, _, _, slots, limit, size, kind, _, shift = struct.unpack_from(">IIIIIBBBB", data, at + 16)
        page = 1 << shift
        # SHA-256, and the signature covers all that lies before it.
        if (kind, size, limit) != (2, 32, start) or slots != -(-limit // page):
            return list(range(slots))
        return [
            k
            for k in range(slots)
            if hashlib.sha256(data[k * page : min((k + 1) * page, limit)]).digest()
            != data[at + hashes + k * size : at + hashes + (k + 1) * size]
        ]
    return None


def macho(file):
    (header,) = MachO.MachO(file).headers
    with open(file, "rb") as opened:
        data = opened.read()
    found = {
        "machine": mach_o.CPU_TYPE_NAMES.get(header.header.cputype),
        "libraries": [],
        "system": None,
        "wrongPages": None,
    }
    for load, command, rest in header.commands:
        if load.cmd in (mach_o.LC_LOAD_DYLIB, mach_o.LC_LOAD_WEAK_DYLIB, mach_o.LC_REEXPORT_DYLIB):
            found["libraries"].append(rest.rstrip(b"\0").decode())
        elif load.cmd == mach_o.LC_ID_DYLIB:
            found["name"] = rest.rstrip(b"\0").decode()
        elif load.cmd == mach_o.LC_BUILD_VERSION:
            found["system"] = version(command.minos)
        elif load.cmd == mach_o.LC_VERSION_MIN_MACOSX:
            found["system"] = version(command.version)
        elif load.cmd == mach_o.LC_CODE_SIGNATURE:
            found["wrongPages"] = wrong_pages(data, command.dataoff)
    symbols = SymbolTable.SymbolTable(MachO.MachO(file))
    found["imports"] = [name.decode() for _, name in symbols.undefsyms]
    return found


def pe(file):
    image = pefile.PE(file)
    exports = getattr(image, "DIRECTORY_ENTRY_EXPORT", None)
    return {
        "machine": pefile.MACHINE_TYPE[image.FILE_HEADER.Machine].removeprefix("IMAGE_FILE_MACHINE_"),
        "libraries": [entry.dll.decode() for entry in image.DIRECTORY_ENTRY_IMPORT],
        "imports": [
            imported.name.decode()
            for entry in image.DIRECTORY_ENTRY_IMPORT
            for imported in entry.imports
            if imported.name
        ],
        "exports": [symbol.name.decode() for symbol in exports.symbols if symbol.name] if exports else [],
    }


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as opened:
        is_pe = opened.read(2) == b"MZ"
    print(json.dumps((pe if is_pe else macho)(sys.argv[1])))
