package dev.millrace.model.program;

import dev.millrace.model.config.MoeConfig;
import java.util.Locale;

/**
 * Matrices of packed integers, in a program that serves.
 *
 * <p>As {@link MatrixFormat#INT8}, a row x of activations is {@code s·(c + r/128)}: c are whole
 * numbers within ±64, r what they leave, in the same range. Both halves go through the product as
 * rows of it, with a scale of 1 that is given, not measured: a row's result is that of 14-bit
 * activations, and does not depend on its neighbours. Of one row the norm finds the greatest entry
 * sooner, of more rows amax; it is the same number. As {@link MatrixFormat#INT8_IN_FP16}, a row
 * goes through as it is.
 *
 * <p>A norm's sum of squares is taken of rows that lie end to end, as one row always does: the
 * order of the additions hangs on it. Its weights are multiplied by the root of its width, in place
 * of the mean. {@code m} holds the constants of these operations as tensors, which cost half of
 * what numbers do, then weights of norms that are taken together, then, as INT8_IN_FP16, the scales
 * of each packed matrix, of a stack at its first.
 *
 * <p>Of a step of so many rows as are {@code helped}, half of the experts are computed by a thread
 * of libtorch's pool at the same time; what comes after may go on in either thread. An expert's
 * rows are the same.
 */
final class Int8Source {

  /** Constants that {@code m} begins with. */
  static final int CONSTANTS = 3;

  private static final String COMMON =
      """
        def begin(self: __torch__.Program) -> List[Tensor]:
          self.packed = annotate(List[__torch__.torch.classes.quantized.LinearPackedParamsBase], [])
          self.m.append(torch.full([1], 0.015625, dtype=6))
          self.m.append(torch.full([1], 128., dtype=6))
          self.m.append(torch.full([1], $summed_eps, dtype=6))
          $norms
          return annotate(List[Tensor], [])
        def matrices(self: __torch__.Program) -> List[__torch__.torch.classes.quantized.LinearPackedParamsBase]:
          return unchecked_cast(List[__torch__.torch.classes.quantized.LinearPackedParamsBase], self.packed)
        def norm(self: __torch__.Program, x: Tensor, weight: Tensor, eps: float) -> Tensor:
          v = torch.linalg_vector_norm(x, 2, [-1], True)
          torch.mul_(v, v)
          if x.size(-1) == $d:
            usual = eps == $eps
          else:
            usual = False
          if usual:
            torch.add_(v, self.m[2])
          else:
            torch.add_(v, eps * float(x.size(-1)))
          return torch.mul_(torch.mul(x, torch.rsqrt_(v)), weight)
        def by_expert(self: __torch__.Program, route: List[Tensor]) -> Tuple[List[int], List[int], Tensor, Tensor, Tensor]:
          p, weights, experts, kept = route
          n, k = experts.size(0), experts.size(1)
          all = kept.size(0) == n * k
          flat = torch.reshape(experts, [-1])
          if not all:
            flat = torch.index_select(flat, 0, kept)
          if n == 1:
            sorted, slot, token = flat, kept, kept
            used = annotate(List[int], flat.tolist())
            counts = torch.mul([1], len(used))
          else:
            sorted, slot = torch.sort(flat, stable=True, dim=0, descending=False)
            if not all:
              slot = torch.index_select(kept, 0, slot)
            found, back, many = torch.unique_consecutive(sorted, False, True)
            used = annotate(List[int], found.tolist())
            counts = annotate(List[int], many.tolist())
            token = torch.floor_divide(slot, k)
          return (used, counts, sorted, slot, token)
        def moved(self: __torch__.Program, route: List[Tensor]) -> bool:
          moved = True
          if route[2].size(0) == 1:
            moved = route[3].size(0) < route[2].size(1)
          return moved
        def shares(self: __torch__.Program, route: List[Tensor], slot: Tensor) -> Tensor:
          share = torch.reshape(route[1], [-1, 1])
          if self.moved(route):
            share = torch.index_select(share, 0, slot)
          return share
        def summed(self: __torch__.Program, y: Tensor, route: List[Tensor], slot: Tensor) -> Tensor:
          n, k, d = route[2].size(0), route[2].size(1), y.size(1)
          if self.moved(route):
            y = torch.index_copy_(torch.zeros([n * k, d], dtype=6), 0, slot, y)
          return torch.sum(torch.reshape(y, [n, k, d]), [1], False)
        def balanced(self: __torch__.Program, balance: Tensor, route: List[Tensor]) -> Tensor:
          return balance
        def mean_balance(self: __torch__.Program, balance: Tensor) -> Tensor:
          return balance
      """;

  /** Whole numbers within ±64 are 0 to 128 for the product: 128·127·2 fits 16 bits. */
  private static final String INTEGERS =
      """
        def pack(self: __torch__.Program, q: Tensor, s: Tensor) -> List[Tensor]:
          packed = unchecked_cast(List[__torch__.torch.classes.quantized.LinearPackedParamsBase], self.packed)
          zero = torch.zeros([q.size(0)], dtype=4)
          packed.append(ops.quantized.linear_prepack(torch._make_per_channel_quantized_tensor(q, torch.to(s, 7), zero, 0), None))
          return annotate(List[Tensor], [])
        def stacked(self: __torch__.Program, first: int, count: int) -> List[Tensor]:
          return annotate(List[Tensor], [])
        def first_last(self: __torch__.Program) -> List[Tensor]:
          packed = unchecked_cast(List[__torch__.torch.classes.quantized.LinearPackedParamsBase], self.packed)
          packed.append(packed.pop(0))
          return annotate(List[Tensor], [])
        def halves(self: __torch__.Program, x: Tensor, m: List[Tensor]) -> Tuple[Tensor, Tensor, Tensor]:
          if x.size(0) > 1:
            scale = torch.amax(torch.abs(x), [-1], True)
          else:
            scale = torch.linalg_vector_norm(x, inf, [-1], True)
          torch.clamp_min_(scale, 1e-30)
          rest = torch.div(x, torch.mul_(scale, m[0]))
          coarse = torch.round(rest)
          torch.mul_(torch.sub_(rest, coarse), m[1])
          return (coarse, rest, scale)
        def linear(self: __torch__.Program, x: Tensor, i: int, m: List[Tensor]) -> Tensor:
          packed = unchecked_cast(List[__torch__.torch.classes.quantized.LinearPackedParamsBase], self.packed)
          n = x.size(0)
          coarse, rest, scale = self.halves(x, m)
          y = ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(torch.cat([coarse, rest], 0), 1., 64, packed[i])
          coarse, rest = torch.split_with_sizes(y, [n, n], 0)
          return torch.mul_(torch.add_(coarse, rest, alpha=0.0078125), scale)
        def side_by_side(self: __torch__.Program, x: Tensor, m: List[Tensor]) -> Tuple[Tensor, Tensor]:
          coarse, rest, scale = self.halves(x, m)
          return (torch.reshape(torch.cat([coarse, rest], 1), [2 * x.size(0), x.size(1)]), scale)
        def each_expert(self: __torch__.Program, parts: List[Tensor], used: List[int], first: int) -> Tensor:
          packed = unchecked_cast(List[__torch__.torch.classes.quantized.LinearPackedParamsBase], self.packed)
          outs = annotate(List[Tensor], [])
          for i in range(len(used)):
            outs.append(ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(parts[i], 1., 64, packed[first + used[i]]))
          y = torch.cat(outs, 0)
          n, d = torch.floordiv(y.size(0), 2), y.size(1)
          coarse, rest = torch.split_with_sizes(torch.reshape(y, [n, 2 * d]), [d, d], 1)
          return torch.add(coarse, rest, alpha=0.0078125)
        def help(self: __torch__.Program, helped: int) -> List[Tensor]:
          self.helped = helped
          return annotate(List[Tensor], [])
        def of_experts(self: __torch__.Program, parts: List[Tensor], sizes: List[int], x: Tensor, scale: Tensor, used: List[int], sorted: Tensor, slot: Tensor, share: Tensor, k: int, p0: int, s0: int, a: Tuple[List[int], List[Tensor], List[int], List[float]], m: List[Tensor]) -> Tensor:
          t = torch.mul_(self.each_expert(parts, used, p0), scale)
          g, u = torch.split_with_sizes(self.adapt_gate_up(t, x, sorted, slot, k, s0, a), [$i, $i], 1)
          inner = torch.mul_(torch.silu(g), u)
          rows, scale = self.side_by_side(inner, m)
          y = self.each_expert(torch.split_with_sizes(rows, sizes, 0), used, p0 + $experts)
          torch.mul_(y, torch.mul_(scale, share))
          return self.adapt_down(y, inner, share, sorted, slot, x.size(0), k, s0, a)
        def of_some(self: __torch__.Program, begin: int, end: int, counts: List[int], parts: List[Tensor], sizes: List[int], x: Tensor, scale: Tensor, used: List[int], sorted: Tensor, slot: Tensor, share: Tensor, k: int, p0: int, s0: int, a: Tuple[List[int], List[Tensor], List[int], List[float]], m: List[Tensor]) -> Tensor:
          at = 0
          for i in range(begin):
            at = at + counts[i]
          n = 0
          for i in range(begin, end):
            n = n + counts[i]
          if x.size(0) > 1:
            scale = torch.narrow(scale, 0, at, n)
          sorted = torch.narrow(sorted, 0, at, n)
          slot = torch.narrow(slot, 0, at, n)
          share = torch.narrow(share, 0, at, n)
          return self.of_experts(torch.slice(parts, begin, end, 1), torch.slice(sizes, begin, end, 1), x, scale, torch.slice(used, begin, end, 1), sorted, slot, share, k, p0, s0, a, m)
        def experts(self: __torch__.Program, x: Tensor, p0: int, s0: int, route: List[Tensor], a: Tuple[List[int], List[Tensor], List[int], List[float]], m: List[Tensor]) -> Tensor:
          n, d = x.size(0), x.size(1)
          k = route[2].size(1)
          used, counts, sorted, slot, token = self.by_expert(route)
          rows, scale = self.side_by_side(x, m)
          sizes = annotate(List[int], [])
          for i in range(len(counts)):
            sizes.append(2 * counts[i])
          if n == 1:
            parts = torch.mul([rows], len(used))
          else:
            scale = torch.index_select(scale, 0, token)
            rows = torch.index_select(torch.reshape(rows, [n, 2 * d]), 0, token)
            parts = torch.split_with_sizes(torch.reshape(rows, [2 * token.size(0), d]), sizes, 0)
          share = self.shares(route, slot)
          half = 0
          if n == self.helped:
            half = torch.floordiv(len(used), 2)
          if half > 0:
            others = fork(self.of_some, half, len(used), counts, parts, sizes, x, scale, used, sorted, slot, share, k, p0, s0, a, m)
            y = self.of_some(0, half, counts, parts, sizes, x, scale, used, sorted, slot, share, k, p0, s0, a, m)
            y = torch.cat([y, torch.wait(others)], 0)
          else:
            y = self.of_experts(parts, sizes, x, scale, used, sorted, slot, share, k, p0, s0, a, m)
          return self.summed(y, route, slot)
      """;

  private static final String IN_FP16 =
      """
        def pack(self: __torch__.Program, q: Tensor, s: Tensor) -> List[Tensor]:
          packed = unchecked_cast(List[__torch__.torch.classes.quantized.LinearPackedParamsBase], self.packed)
          packed.append(ops.quantized.linear_prepack_fp16(torch.to(q, 6), None))
          self.m.append(torch.reshape(torch.clone(s), [1, -1]))
          return annotate(List[Tensor], [])
        def stacked(self: __torch__.Program, first: int, count: int) -> List[Tensor]:
          at = $scales + first
          self.m[at] = torch.cat(torch.slice(self.m, at, at + count, 1), 0)
          return annotate(List[Tensor], [])
        def linear(self: __torch__.Program, x: Tensor, i: int, m: List[Tensor]) -> Tensor:
          packed = unchecked_cast(List[__torch__.torch.classes.quantized.LinearPackedParamsBase], self.packed)
          return torch.mul_(ops.quantized.linear_dynamic_fp16(x, packed[i]), m[$scales + i])
        def each_expert(self: __torch__.Program, parts: List[Tensor], used: List[int], sorted: Tensor, first: int, m: List[Tensor]) -> Tensor:
          packed = unchecked_cast(List[__torch__.torch.classes.quantized.LinearPackedParamsBase], self.packed)
          outs = annotate(List[Tensor], [])
          for i in range(len(used)):
            outs.append(ops.quantized.linear_dynamic_fp16(parts[i], packed[first + used[i]]))
          return torch.mul_(torch.cat(outs, 0), torch.index_select(m[$scales + first], 0, sorted))
        def experts(self: __torch__.Program, x: Tensor, p0: int, s0: int, route: List[Tensor], a: Tuple[List[int], List[Tensor], List[int], List[float]], m: List[Tensor]) -> Tensor:
          k = route[2].size(1)
          used, counts, sorted, slot, token = self.by_expert(route)
          if x.size(0) == 1:
            parts = torch.mul([x], len(used))
          else:
            parts = torch.split_with_sizes(torch.index_select(x, 0, token), counts, 0)
          t = self.each_expert(parts, used, sorted, p0, m)
          g, u = torch.split_with_sizes(self.adapt_gate_up(t, x, sorted, slot, k, s0, a), [$i, $i], 1)
          inner = torch.mul_(torch.silu(g), u)
          y = self.each_expert(torch.split_with_sizes(inner, counts, 0), used, sorted, p0 + $experts, m)
          share = self.shares(route, slot)
          torch.mul_(y, share)
          return self.summed(self.adapt_down(y, inner, share, sorted, slot, x.size(0), k, s0, a), route, slot)
      """;

  private Int8Source() {}

  /**
   * @param norms lines that append the weights of norms that are taken together
   */
  static String methods(MoeConfig config, Layout layout, String norms, MatrixFormat format) {
    return (COMMON + (format == MatrixFormat.INT8 ? INTEGERS : IN_FP16))
        .replace("    $norms\n", widthsTaken(layout) + norms)
        .replace("$scales", Long.toString(CONSTANTS + norms.lines().count()))
        .replace("$summed_eps", Double.toString(config.rmsNormEps() * config.hiddenSize()))
        .replace("$eps", Double.toString(config.rmsNormEps()));
  }

  /** The lines that multiply the weights of norms. */
  private static String widthsTaken(Layout layout) {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < layout.vectors().size(); i++) {
      Layout.Vector vector = layout.vectors().get(i);
      if (vector.name().endsWith("norm.weight")) {
        lines.append(
            String.format(
                Locale.ROOT,
                "    self.w[%d] = torch.mul(self.w[%d], %s)\n",
                i,
                i,
                Math.sqrt((double) vector.shape()[0])));
      }
    }
    return lines.toString();
  }
}
