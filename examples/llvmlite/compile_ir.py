"""Compile LLVM's intermediate language to an object file, with llvmlite; nothing here knows of telemetry.

telemetry run --config examples/llvmlite/telemetry.toml -- python examples/llvmlite/compile_ir.py clamp.o
"""

import sys
from pathlib import Path

import llvmlite.binding as llvm  # type: ignore[import-untyped]  # it ships no types

CLAMP = """
define i32 @clamp(i32 %x, i32 %low, i32 %high) {
  %below = icmp slt i32 %x, %low
  %raised = select i1 %below, i32 %low, i32 %x
  %above = icmp sgt i32 %raised, %high
  %result = select i1 %above, i32 %high, i32 %raised
  ret i32 %result
}
"""


def compile_ir(text: str) -> bytes:
    """Parse, verify and optimise a module, and give its object code."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(opt=2)
    module = llvm.parse_assembly(text)
    module.verify()
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=2))
    builder.getModulePassManager().run(module, builder)
    code: bytes = machine.emit_object(module)
    return code


if __name__ == "__main__":
    source = sys.stdin.read() if "-" in sys.argv[2:] else CLAMP
    Path(sys.argv[1]).write_bytes(compile_ir(source))
    print(f"{sys.argv[1]}: {Path(sys.argv[1]).stat().st_size} bytes")
