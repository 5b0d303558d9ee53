package dev.millrace.model.djl;

import dev.millrace.model.config.MoeConfig;

/**
 * Matrices of packed integers, in a program that serves.
 *
 * <p>A row x of activations is {@code s·(c + r/128)}: c are whole numbers within ±64, r what they
 * leave, in the same range. Both halves go through the product as rows of it, with a scale of 1
 * that is given, not measured: a row's result is that of 14-bit activations, and does not depend on
 * its neighbours. Of one row the norm finds the greatest entry sooner, of more rows amax; it is the
 * same number. A norm's sum of squares is taken of rows that lie end to end, as one row always
 * does: the order of the additions hangs on it. {@code m} holds the constants of these operations
 * as tensors, which cost half of what numbers do.
 */
final class Int8Source {

  /** Constants that {@code m} begins with. */
  static final int CONSTANTS = 4;

  /** Whole numbers within ±64 are 0 to 128 for the product: 128·127·2 fits 16 bits. */
  private static final String METHODS =
      """
        def begin(self: __torch__.Program) -> List[Tensor]:
          self.packed = annotate(List[__torch__.torch.classes.quantized.LinearPackedParamsBase], [])
          self.m.append(torch.full([1], 0.015625, dtype=6))
          self.m.append(torch.full([1], 128., dtype=6))
          self.m.append(torch.full([1], $share, dtype=6))
          self.m.append(torch.full([1], $eps, dtype=6))
          $norms
          return annotate(List[Tensor], [])
        def pack(self: __torch__.Program, q: Tensor, s: Tensor) -> List[Tensor]:
          packed = unchecked_cast(List[__torch__.torch.classes.quantized.LinearPackedParamsBase], self.packed)
          zero = torch.zeros([q.size(0)], dtype=4)
          packed.append(ops.quantized.linear_prepack(torch._make_per_channel_quantized_tensor(q, torch.to(s, 7), zero, 0), None))
          return annotate(List[Tensor], [])
        def norm(self: __torch__.Program, x: Tensor, weight: Tensor, eps: float) -> Tensor:
          v = torch.linalg_vector_norm(torch.contiguous(x), 2, [-1], True)
          torch.mul_(v, v)
          if x.size(-1) == $d:
            usual = eps == $eps
          else:
            usual = False
          if usual:
            torch.add_(torch.mul_(v, self.m[2]), self.m[3])
          else:
            torch.add_(torch.div_(v, float(x.size(-1))), eps)
          return torch.mul_(torch.mul(x, torch.rsqrt_(v)), weight)
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
        def experts(self: __torch__.Program, x: Tensor, p0: int, s0: int, route: List[Tensor], a: Tuple[List[int], List[Tensor], List[int], List[float]], m: List[Tensor]) -> Tensor:
          p, weights, experts, kept = route
          n, d = x.size(0), x.size(1)
          k = experts.size(1)
          all = kept.size(0) == n * k
          flat = torch.reshape(experts, [-1])
          if not all:
            flat = torch.index_select(flat, 0, kept)
          rows, scale = self.side_by_side(x, m)
          if n == 1:
            slot = kept
            sorted = flat
            used = annotate(List[int], flat.tolist())
            sizes = torch.mul([2], len(used))
            parts = torch.mul([rows], len(used))
          else:
            sorted, slot = torch.sort(flat, stable=True, dim=0, descending=False)
            if not all:
              slot = torch.index_select(kept, 0, slot)
            found, back, counts = torch.unique_consecutive(sorted, False, True)
            used = annotate(List[int], found.tolist())
            many = annotate(List[int], counts.tolist())
            sizes = annotate(List[int], [])
            for i in range(len(many)):
              sizes.append(2 * many[i])
            token = torch.floor_divide(slot, k)
            scale = torch.index_select(scale, 0, token)
            rows = torch.index_select(torch.reshape(rows, [n, 2 * d]), 0, token)
            parts = torch.split_with_sizes(torch.reshape(rows, [2 * token.size(0), d]), sizes, 0)
          t = torch.mul_(self.each_expert(parts, used, p0), scale)
          g, u = torch.split_with_sizes(self.adapt_gate_up(t, x, sorted, slot, k, s0, a), [$i, $i], 1)
          inner = torch.mul_(torch.silu(g), u)
          rows, scale = self.side_by_side(inner, m)
          y = self.each_expert(torch.split_with_sizes(rows, sizes, 0), used, p0 + $experts)
          if n > 1:
            moved = True
          else:
            moved = not all
          share = torch.reshape(weights, [-1, 1])
          if moved:
            share = torch.index_select(share, 0, slot)
          torch.mul_(y, torch.mul_(scale, share))
          y = self.adapt_down(y, inner, share, sorted, slot, k, s0, a)
          if moved:
            y = torch.index_copy_(torch.zeros([n * k, d], dtype=6), 0, slot, y)
          return torch.sum(torch.reshape(y, [n, k, d]), [1], False)
        def balanced(self: __torch__.Program, balance: Tensor, route: List[Tensor]) -> Tensor:
          return balance
      """;

  private Int8Source() {}

  /**
   * @param norms lines that append the weights of norms that are taken together
   */
  static String methods(MoeConfig config, String norms) {
    return METHODS
        .replace("    $norms\n", norms)
        .replace("$share", Double.toString(1.0 / config.hiddenSize()))
        .replace("$eps", Double.toString(config.rmsNormEps()));
  }
}
