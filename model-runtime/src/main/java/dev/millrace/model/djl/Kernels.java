package dev.millrace.model.djl;

import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.millrace.model.base.Products;

/** What one thread of this machine can do at most: reading memory, and large products. */
public final class Kernels implements AutoCloseable {

  private static final int SIDE = 1024;

  private static final String SOURCE =
      """
      class Program(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        w : List[Tensor]
        m : List[Tensor]
        packed : Optional[List[__torch__.torch.classes.quantized.LinearPackedParamsBase]]
        def begin(self: __torch__.Program, floats: int, n: int) -> List[Tensor]:
          self.m = annotate(List[Tensor], [torch.ones([floats], dtype=6), torch.randn([n, n], dtype=6)])
          self.m.append(torch.to(self.m[1], 15))
          q = torch.randint(-63, 64, [n, n], dtype=1)
          s = torch.full([n], 0.001, dtype=7)
          w = torch._make_per_channel_quantized_tensor(q, s, torch.zeros([n], dtype=4), 0)
          self.packed = annotate(List[__torch__.torch.classes.quantized.LinearPackedParamsBase], [ops.quantized.linear_prepack(w, None)])
          return annotate(List[Tensor], [])
        def read(self: __torch__.Program) -> List[Tensor]:
          return annotate(List[Tensor], [torch.sum(self.m[0])])
        def float32(self: __torch__.Program) -> List[Tensor]:
          return annotate(List[Tensor], [torch.linear(self.m[1], self.m[1])])
        def bfloat16(self: __torch__.Program) -> List[Tensor]:
          return annotate(List[Tensor], [torch.linear(self.m[2], self.m[2])])
        def int8(self: __torch__.Program) -> List[Tensor]:
          packed = unchecked_cast(List[__torch__.torch.classes.quantized.LinearPackedParamsBase], self.packed)
          return annotate(List[Tensor], [ops.quantized.linear_dynamic(self.m[1], packed[0], False)])
      """;

  private final Program program = Program.compile(SOURCE);
  private final long bytes;

  private Kernels(long bytes) {
    this.bytes = bytes / 4 * 4;
    try (PtNDManager scope = program.scope()) {
      program.infer(scope, "begin", IValue.from(bytes / 4), IValue.from((long) SIDE));
    }
  }

  /** Reads will be of a block of so many bytes. */
  public static Kernels of(long bytes) {
    return new Kernels(bytes);
  }

  /** Reads the block once; gives its bytes. */
  public double read() {
    run("read");
    return bytes;
  }

  /** A large product; gives its operations, two for each product of numbers. */
  public double multiply(Precision precision) {
    run(precision == Precision.INT8 ? "int8" : "float32");
    return 2.0 * SIDE * SIDE * SIDE;
  }

  /** The same in a type in which gradients are computed. */
  public double multiply(Products products) {
    run(products == Products.BF16 ? "bfloat16" : "float32");
    return 2.0 * SIDE * SIDE * SIDE;
  }

  private void run(String method) {
    try (PtNDManager scope = program.scope()) {
      program.infer(scope, method);
    }
  }

  @Override
  public void close() {
    program.close();
  }
}
