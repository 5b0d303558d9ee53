package dev.millrace.model.program;

import dev.millrace.model.config.MoeConfig;
import java.util.function.ToIntFunction;

/**
 * Generates the TorchScript source of a model from its configuration (transformers' modeling_olmoe,
 * _qwen2_moe, _qwen3_moe, _mixtral, _deepseek_v2, _deepseek_v3).
 *
 * <p>A program holds two lists of weights, in the order of {@link Layout}: {@code w}, always fp32,
 * and {@code m}, the matrices, which in int8 are {@code packed} instead, expert by expert.
 *
 * <p>A call takes sequences end to end as one (tokens, d) matrix, {@code lens} tokens each, and two
 * tuples: {@code a}, the adapters (spans of rows, their factors, which span uses which, scales),
 * and {@code c}, the cache (keys and values by layer, first slot and past tokens of each sequence,
 * and what {@link AttentionSource} knows of those that bring one token). A token below 0 has no
 * embedding of its own: it takes the next row of {@code given}.
 */
public final class ProgramSource {

  /** Adapters from which on the factors are gathered row by row into one product. */
  private static final int MANY_ADAPTERS = 4;

  private static final String HEADER =
      """
      class Program(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        helped : int
        w : List[Tensor]
        m : List[Tensor]
        packed : Optional[List[__torch__.torch.classes.quantized.LinearPackedParamsBase]]
        def vector(self: __torch__.Program, x: Tensor) -> List[Tensor]:
          self.w.append(x)
          return annotate(List[Tensor], [])
        def embedding(self: __torch__.Program, rows: int, type: int) -> List[Tensor]:
          self.w.append(torch.empty([rows, $d], dtype=type))
          return annotate(List[Tensor], [])
        def embedding_rows(self: __torch__.Program, x: Tensor, at: int) -> List[Tensor]:
          torch.copy_(torch.narrow(self.w[0], 0, at, x.size(0)), x)
          return annotate(List[Tensor], [])
        def own_embedding(self: __torch__.Program) -> List[Tensor]:
          return annotate(List[Tensor], [self.w[0]])
        def adds(self: __torch__.Program, site: int, a: Tuple[List[int], List[Tensor], List[int], List[float]]) -> bool:
          spans, l, which, scales = a
          found = False
          s = 0
          if len(l) < 2:
            s = len(which)
          while s < len(which) and not found:
            if which[s] >= 0:
              found = l[2 * ($sites * which[s] + site)].numel() > 0
            if which[s] == -2:
              for j in range(torch.floordiv(len(l), 2 * $sites + 1)):
                if l[2 * ($sites * j + site)].numel() > 0:
                  found = True
            s = s + 1
          return found
        def inject(self: __torch__.Program, x: Tensor, site: int, a: Tuple[List[int], List[Tensor], List[int], List[float]]) -> Tensor:
          if len(a[1]) > 1 and self.adds(site, a):
            x = self.adapt(x, torch.ones([x.size(0), 1], dtype=6), site, a)
          return x
        def adapt(self: __torch__.Program, y: Tensor, x: Tensor, site: int, a: Tuple[List[int], List[Tensor], List[int], List[float]]) -> Tensor:
          if len(a[1]) > 1 and self.adds(site, a):
            spans, l, which, scales = a
            parts = annotate(List[Tensor], [])
            at = 0
            for s in range(len(spans)):
              n = spans[s]
              if n < 0:
                n = torch.neg(n)
              part, rows = y, x
              if len(spans) > 1:
                part = torch.narrow(y, 0, at, n)
              if which[s] >= 0:
                i = 2 * ($sites * which[s] + site)
                if l[i].size(0) > 0:
                  if len(spans) > 1:
                    rows = torch.narrow(x, 0, at, n)
                  part = torch.add(part, torch.linear(torch.linear(rows, l[i]), l[i + 1]))
              if which[s] == -2:
                part = self.adapt_rows(part, x, site, l)
              parts.append(part)
              at = at + n
            if len(parts) > 1:
              y = torch.cat(parts, 0)
            else:
              y = parts[0]
          return y
        def lone(self: __torch__.Program, n: int, l: List[Tensor]) -> bool:
          return len(l) == 2 * $sites + 1 and l[2 * $sites].size(0) == n
        def adapt_rows(self: __torch__.Program, y: Tensor, x: Tensor, site: int, l: List[Tensor]) -> Tensor:
          if self.lone(y.size(0), l):
            i, n = 2 * site, y.size(0)
            if l[i].size(0) > 0:
              rows = x
              if x.size(0) > n:
                rows = torch.narrow(x, 0, 0, n)
              z = torch.bmm(torch.unsqueeze(rows, 1), torch.expand(torch.t(l[i]), [n, -1, -1]))
              y = torch.add_(y, torch.squeeze(torch.bmm(z, torch.expand(torch.t(l[i + 1]), [n, -1, -1])), 1))
          else:
            y = self.adapt_some(y, x, site, l)
          return y
        def adapt_some(self: __torch__.Program, y: Tensor, x: Tensor, site: int, l: List[Tensor]) -> Tensor:
          adapters = torch.floordiv(len(l), 2 * $sites + 1)
          rows = annotate(List[Tensor], [])
          downs = annotate(List[Tensor], [])
          ups = annotate(List[Tensor], [])
          rank = 0
          for j in range(adapters):
            i = 2 * ($sites * j + site)
            of = l[2 * $sites * adapters + j]
            n = of.size(0)
            if adapters >= $many:
              if rank == 0:
                rank = l[i].size(0)
              together = l[i].size(0) == rank
            else:
              together = False
            if l[i].size(0) > 0:
              if together:
                rows.append(of)
                for s in range(n):
                  downs.append(l[i])
                  ups.append(l[i + 1])
              else:
                if n > 0:
                  down = torch.expand(torch.unsqueeze(l[i], 0), [n, -1, -1])
                  up = torch.expand(torch.unsqueeze(l[i + 1], 0), [n, -1, -1])
                  y = self.add_rows(y, x, of, down, up)
          if len(downs) > 0:
            y = self.add_rows(y, x, torch.cat(rows, 0), torch.stack(downs, 0), torch.stack(ups, 0))
          return y
        def add_rows(self: __torch__.Program, y: Tensor, x: Tensor, rows: Tensor, down: Tensor, up: Tensor) -> Tensor:
          z = torch.bmm(torch.unsqueeze(torch.index_select(x, 0, rows), 1), torch.transpose(down, 1, 2))
          return torch.index_add_(y, 0, rows, torch.squeeze(torch.bmm(z, torch.transpose(up, 1, 2)), 1))
        def project(self: __torch__.Program, x: Tensor, i: int, site: int, a: Tuple[List[int], List[Tensor], List[int], List[float]], m: List[Tensor]) -> Tensor:
          return self.adapt(self.linear(x, i, m), x, site, a)
      """;

  /**
   * Matrices in fp32, or as integers whose scales follow the vectors in {@code w} and which are
   * widened where they are used; a product is in bf16 where {@code m} holds its matrix in bf16.
   */
  private static final String FLOAT_MATRICES =
      """
        def norm(self: __torch__.Program, x: Tensor, weight: Tensor, eps: float) -> Tensor:
          v = torch.add(torch.div(torch.sum(torch.mul(x, torch.detach(x)), [-1], True), x.size(-1)), eps)
          return torch.mul(torch.mul(x, torch.div(torch.sqrt(torch.detach(v)), v)), weight)
        def matrix(self: __torch__.Program, x: Tensor) -> List[Tensor]:
          self.m.append(x)
          return annotate(List[Tensor], [])
        def share_embedding(self: __torch__.Program, own: List[Tensor]) -> List[Tensor]:
          self.w.extend(own)
          return annotate(List[Tensor], [])
        def stack(self: __torch__.Program, xs: List[Tensor]) -> List[Tensor]:
          self.m.append(torch.stack(xs, 0))
          return annotate(List[Tensor], [])
        def scales(self: __torch__.Program, xs: List[Tensor]) -> List[Tensor]:
          self.w.append(torch.stack(xs, 0))
          return annotate(List[Tensor], [])
        def widened(self: __torch__.Program, q: Tensor, scale: Tensor) -> Tensor:
          return torch.mul_(torch.to(q, 6), scale)
        def taken(self: __torch__.Program, i: int, m: List[Tensor]) -> Tensor:
          q = m[i]
          if ops.prim.dtype(q) == 1:
            q = self.widened(q, torch.select(self.w[$vectors + i], 0, 0))
          return q
        def scales_of(self: __torch__.Program, i: int, m: List[Tensor]) -> List[Tensor]:
          s = annotate(List[Tensor], [])
          if ops.prim.dtype(m[i]) == 1:
            s = torch.unbind(self.w[$vectors + i], 0)
          return s
        def expert(self: __torch__.Program, stack: List[Tensor], scales: List[Tensor], e: int) -> Tensor:
          q = stack[e]
          if len(scales) > 0:
            q = self.widened(q, scales[e])
          return q
        def product_of(self: __torch__.Program, x: Tensor, i: int, m: List[Tensor]) -> Tensor:
          q = self.taken(i, m)
          return torch.to(torch.linear(torch.to(x, ops.prim.dtype(q)), q), 6)
        def linear(self: __torch__.Program, x: Tensor, i: int, m: List[Tensor]) -> Tensor:
          return self.product_of($rounded(x), i, m)
        def three(self: __torch__.Program, x: Tensor, i: int, m: List[Tensor]) -> List[Tensor]:
          x = $rounded(x)
          return annotate(List[Tensor], [self.product_of(x, i, m), self.product_of(x, i + 1, m), self.product_of(x, i + 2, m)])
        def balance(self: __torch__.Program, p: Tensor, experts: Tensor, kept: Tensor) -> Tensor:
          used = torch.index_select(torch.reshape(experts, [-1]), 0, kept)
          share = torch.div(torch.to(torch.bincount(used, None, $experts), 6), float(p.size(0)))
          even = torch.mul(torch.sum(torch.mul(share, torch.mean(p, [0], False))), float($experts))
          taken = torch.index_select(torch.reshape(torch.gather(p, 1, experts), [-1]), 0, kept)
          spilled = torch.rsub(torch.div(torch.sum(taken), torch.sum(p)), 1.)
          return torch.stack([even, spilled], 0)
        def balanced(self: __torch__.Program, balance: Tensor, route: List[Tensor]) -> Tensor:
          return torch.add(balance, self.balance(route[0], route[2], route[3]))
        def mean_balance(self: __torch__.Program, balance: Tensor) -> Tensor:
          return torch.div(balance, float($layers))
      """;

  /** What an adapter adds to queries, keys and values: their first factors are one matrix. */
  private static final String ADAPTED_TOGETHER =
      """
        def adapt_three(self: __torch__.Program, ys: List[Tensor], x: Tensor, site: int, a: Tuple[List[int], List[Tensor], List[int], List[float]]) -> List[Tensor]:
          spans, l, which, scales = a
          i = -1
          if len(l) > 1 and len(spans) == 1:
            i = 2 * ($sites * which[0] + site)
          if i >= 0 and l[i].numel() > 0 and l[i + 2].numel() > 0 and l[i + 4].numel() > 0:
            z = torch.linear(x, torch.cat([l[i], l[i + 2], l[i + 4]], 0))
            zs = torch.split_with_sizes(z, [l[i].size(0), l[i + 2].size(0), l[i + 4].size(0)], 1)
            for j in range(3):
              torch.addmm_(ys[j], zs[j], torch.t(l[i + 2 * j + 1]))
          else:
            for j in range(3):
              ys[j] = self.adapt(ys[j], x, site + j, a)
          return ys
      """;

  /** The same one by one. */
  private static final String ADAPTED_APART =
      """
        def adapt_three(self: __torch__.Program, ys: List[Tensor], x: Tensor, site: int, a: Tuple[List[int], List[Tensor], List[int], List[float]]) -> List[Tensor]:
          for j in range(3):
            ys[j] = self.adapt(ys[j], x, site + j, a)
          return ys
      """;

  private static final String SORTED_EXPERTS =
      """
        def each_expert(self: __torch__.Program, xs: Tensor, counts: List[int], stack: List[Tensor], scales: List[Tensor]) -> Tensor:
          outs = annotate(List[Tensor], [])
          start = 0
          for e in range(len(stack)):
            c = counts[e]
            if c > 0:
              outs.append(torch.linear(torch.narrow(xs, 0, start, c), self.expert(stack, scales, e)))
              start = start + c
          return torch.cat(outs, 0)
        def experts(self: __torch__.Program, x: Tensor, p0: int, s0: int, route: List[Tensor], a: Tuple[List[int], List[Tensor], List[int], List[float]], m: List[Tensor]) -> Tensor:
          p, weights, experts, kept = route
          n = x.size(0)
          k = experts.size(1)
          flat = torch.index_select(torch.reshape(experts, [-1]), 0, kept)
          sorted, order = torch.sort(flat, stable=True, dim=0, descending=False)
          counts = annotate(List[int], torch.bincount(flat, None, $experts).tolist())
          slot = torch.index_select(kept, 0, order)
          xs = torch.index_select($rounded(x), 0, torch.floor_divide(slot, k))
          gate_up = torch.unbind(m[p0], 0)
          down = torch.unbind(m[p0 + 1], 0)
          gate_up_scales = self.scales_of(p0, m)
          down_scales = self.scales_of(p0 + 1, m)
          t = self.each_expert(xs, counts, gate_up, gate_up_scales)
          g, u = torch.chunk(self.adapt_gate_up(t, x, sorted, slot, k, s0, a), 2, -1)
          inner = torch.mul(torch.silu(g), u)
          y = self.each_expert($rounded(inner), counts, down, down_scales)
          y = self.adapt_down(y, inner, torch.zeros([0], dtype=6), sorted, slot, n, k, s0, a)
          y = torch.index_select(y, 0, torch.argsort(order, 0, False))
          if kept.size(0) < n * k:
            y = torch.index_copy(torch.zeros([n * k, $d], dtype=6), 0, kept, y)
          return torch.squeeze(torch.bmm(torch.unsqueeze(weights, 1), torch.reshape(y, [n, k, $d])), 1)
      """;

  /** Each expert over the tokens that a mask finds, as transformers' eager experts run. */
  private static final String LOOPED_EXPERTS =
      """
        def experts(self: __torch__.Program, x: Tensor, p0: int, s0: int, route: List[Tensor], a: Tuple[List[int], List[Tensor], List[int], List[float]], m: List[Tensor]) -> Tensor:
          p, weights, experts, kept = route
          gate_up = torch.unbind(m[p0], 0)
          down = torch.unbind(m[p0 + 1], 0)
          mask = torch.permute(torch.one_hot(experts, $experts), [2, 1, 0])
          y = torch.zeros_like(x)
          for e in range($experts):
            found = torch.nonzero(torch.select(mask, 0, e))
            if found.size(0) > 0:
              at, token = torch.unbind(found, 1)
              same = torch.full_like(token, e)
              t = torch.linear(torch.index(x, annotate(List[Optional[Tensor]], [token])), gate_up[e])
              g, u = torch.chunk(self.adapt_gate_up(t, x, same, token, 1, s0, a), 2, -1)
              inner = torch.mul(torch.silu(g), u)
              out = torch.linear(inner, down[e])
              out = self.adapt_down(out, inner, torch.zeros([0], dtype=6), same, token, x.size(0), 1, s0, a)
              w = torch.index(weights, annotate(List[Optional[Tensor]], [token, at]))
              y = torch.index_add_(y, 0, token, torch.mul(out, torch.unsqueeze(w, -1)))
          return y
      """;

  private static final String HIDDEN =
      """
        def embedded(self: __torch__.Program, ids: Tensor, given: Tensor, w: List[Tensor]) -> Tensor:
          known = ids
          if given.size(0) > 0:
            known = torch.clamp_min(ids, 0)
          x = torch.to(torch.embedding(w[0], known), 6)
          if given.size(0) > 0:
            x = torch.index_copy(x, 0, torch.squeeze(torch.nonzero(torch.lt(ids, 0)), 1), given)
          return x
        def hidden(self: __torch__.Program, ids: Tensor, lens: List[int], a: Tuple[List[int], List[Tensor], List[int], List[float]], c: Tuple[List[Tensor], List[Tensor], List[int], List[int], List[int], List[Tensor]], r: Tensor, w: List[Tensor], m: List[Tensor]) -> Tuple[Tensor, Tensor, List[Tensor]]:
          return self.through(torch.to(torch.embedding(w[0], ids), 6), lens, a, c, r, w, m)
      """;

  private static final String THROUGH =
      """
        def through(self: __torch__.Program, x: Tensor, lens: List[int], a: Tuple[List[int], List[Tensor], List[int], List[float]], c: Tuple[List[Tensor], List[Tensor], List[int], List[int], List[int], List[Tensor]], r: Tensor, w: List[Tensor], m: List[Tensor]) -> Tuple[Tensor, Tensor, List[Tensor]]:
          keys, values, slots, past, runs, aside = c
          chosen = annotate(List[Tensor], [])
          cos = self.table(w[2], lens, past, aside)
          sin = self.table(w[3], lens, past, aside)
          balance = torch.zeros([], dtype=6)
      """;

  private static final String USES =
      """
        def none(self: __torch__.Program, lens: List[int]) -> Tuple[List[Tensor], List[Tensor], List[int], List[int], List[int], List[Tensor]]:
          zeros = annotate(List[int], [])
          for s in range(len(lens)):
            zeros.append(0)
          return (annotate(List[Tensor], []), annotate(List[Tensor], []), zeros, zeros, annotate(List[int], []), annotate(List[Tensor], []))
        def scores(self: __torch__.Program, x: Tensor, targets: Tensor, with_entropies: bool, m: List[Tensor]) -> List[Tensor]:
          logps = annotate(List[Tensor], [])
          entropies = annotate(List[Tensor], [])
          at = 0
          n = x.size(0)
          while at < n:
            rows = $rows
            if n - at < rows:
              rows = n - at
            logp = torch.log_softmax(self.linear(torch.narrow(x, 0, at, rows), $head, m), -1)
            if with_entropies:
              entropies.append(torch.neg(torch.sum(torch.mul(torch.exp(logp), logp), [-1], False)))
            logps.append(torch.squeeze(torch.gather(logp, -1, torch.unsqueeze(torch.narrow(targets, 0, at, rows), -1)), -1))
            at = at + rows
          out = annotate(List[Tensor], [torch.cat(logps, 0)])
          if with_entropies:
            out.append(torch.cat(entropies, 0))
          return out
        def likeliest(self: __torch__.Program, ids: Tensor, lens: List[int], l: List[Tensor], which: List[int], scales: List[float], r: Tensor, count: int, temperature: Tensor) -> List[Tensor]:
          x, balance, chosen = self.hidden(ids, lens, (lens, l, which, scales), self.none(lens), self.by_row(r, lens), self.w, self.m)
          logps = annotate(List[Tensor], [])
          tokens = annotate(List[Tensor], [])
          at = 0
          n = x.size(0)
          while at < n:
            rows = $rows
            if n - at < rows:
              rows = n - at
            z = torch.div(self.linear(torch.narrow(x, 0, at, rows), $head, self.m), temperature)
            top, token = torch.topk(z, count, -1)
            logps.append(torch.sub(top, torch.logsumexp(z, [-1], True)))
            tokens.append(token)
            at = at + rows
          return annotate(List[Tensor], [torch.cat(logps, 0), torch.cat(tokens, 0)])
        def fixed(self: __torch__.Program) -> Tensor:
          return torch.zeros([0, $limits], dtype=6)
        def by_row(self: __torch__.Program, r: Tensor, lens: List[int]) -> Tensor:
          if r.size(0) > 0:
            r = torch.repeat_interleave(r, torch.tensor(lens, dtype=4), 0)
          return r
        def score(self: __torch__.Program, ids: Tensor, given: Tensor, targets: Tensor, lens: List[int], l: List[Tensor], which: List[int], scales: List[float], r: Tensor) -> List[Tensor]:
          x, balance, chosen = self.through(self.embedded(ids, given, self.w), lens, (lens, l, which, scales), self.none(lens), self.by_row(r, lens), self.w, self.m)
          out = self.scores(x, targets, False, self.m)
          out.extend(chosen)
          return out
        def active(self: __torch__.Program, chosen: List[Tensor], lens: List[int]) -> Tensor:
          out = annotate(List[Tensor], [])
          tokens = torch.zeros([1], dtype=4)
          for i in range(torch.floordiv(len(chosen), 2)):
            k = chosen[2 * i].size(1)
            token = torch.floor_divide(chosen[2 * i + 1], k)
            tokens = torch.add(tokens, torch.bincount(token, None, chosen[2 * i].size(0)))
          at = 0
          for s in range(len(lens)):
            out.append(torch.sum(torch.narrow(tokens, 0, at, lens[s])))
            at = at + lens[s]
          return torch.stack(out, 0)
        def unadapted(self: __torch__.Program, lens: List[int]) -> Tuple[List[int], List[Tensor], List[int], List[float]]:
          which = annotate(List[int], [])
          scales = annotate(List[float], [])
          for s in range(len(lens)):
            which.append(-1)
            scales.append(0.)
          return (lens, annotate(List[Tensor], []), which, scales)
        def alone(self: __torch__.Program, ids: Tensor, lens: List[int]) -> Tensor:
          x, balance, chosen = self.hidden(ids, lens, self.unadapted(lens), self.none(lens), self.fixed(), self.w, self.m)
          return x
        def pooled(self: __torch__.Program, x: Tensor, lens: List[int]) -> Tensor:
          out = annotate(List[Tensor], [])
          at = 0
          for s in range(len(lens)):
            e = torch.mean(torch.narrow(x, 0, at, lens[s]), [0], False)
            out.append(torch.div(e, torch.clamp_min(torch.sqrt(torch.sum(torch.mul(e, e))), 1e-12)))
            at = at + lens[s]
          return torch.stack(out, 0)
        def embed(self: __torch__.Program, ids: Tensor, lens: List[int]) -> List[Tensor]:
          return annotate(List[Tensor], [self.pooled(self.alone(ids, lens), lens)])
        def read(self: __torch__.Program, ids: Tensor, targets: Tensor, lens: List[int]) -> List[Tensor]:
          x = self.alone(ids, lens)
          out = self.scores(x, targets, True, self.m)
          out.append(self.pooled(x, lens))
          return out
        def logits(self: __torch__.Program, ids: Tensor, lens: List[int], l: List[Tensor], which: List[int], scales: List[float]) -> List[Tensor]:
          x, balance, chosen = self.hidden(ids, lens, (lens, l, which, scales), self.none(lens), self.fixed(), self.w, self.m)
          return annotate(List[Tensor], [self.linear(x, $head, self.m)])
        def used_experts(self: __torch__.Program, ids: Tensor, lens: List[int], l: List[Tensor], which: List[int], scales: List[float], r: Tensor) -> List[Tensor]:
          x, balance, chosen = self.hidden(ids, lens, (lens, l, which, scales), self.none(lens), self.by_row(r, lens), self.w, self.m)
          return chosen
        def trace(self: __torch__.Program, ids: Tensor, targets: Tensor, lens: List[int], r: Tensor) -> List[Tensor]:
          x, balance, chosen = self.hidden(ids, lens, self.unadapted(lens), self.none(lens), self.by_row(r, lens), self.w, self.m)
          out = self.scores(x, targets, False, self.m)
          out.append(torch.argmax(self.linear(x, $head, self.m), -1))
          out.extend(chosen)
          return out
        def advance(self: __torch__.Program, ids: List[int], given: Tensor, lens: List[int], l: List[Tensor], which: List[int], scales: List[float], r: Tensor, keys: List[Tensor], values: List[Tensor], slots: List[int], past: List[int], ends: List[int], ones: int, runs: List[int]) -> List[Tensor]:
          spans = lens
          if ones > 0:
            spans = annotate(List[int], [torch.neg(ones)])
            spans.extend(torch.slice(lens, ones, len(lens), 1))
          c = (keys, values, slots, past, runs, self.aside(slots, past, ones, runs))
          x, balance, chosen = self.through(self.embedded(torch.tensor(ids, dtype=4), given, self.w), lens, (spans, l, which, scales), c, self.by_row(r, lens), self.w, self.m)
          if len(ends) > 0:
            if len(ends) < x.size(0):
              x = torch.index_select(x, 0, torch.tensor(ends, dtype=4))
            out = torch.log_softmax(self.linear(x, $head, self.m), -1)
          else:
            out = torch.zeros([0, $vocab], dtype=6)
          return annotate(List[Tensor], [out])
        def clear(self: __torch__.Program, pools: List[Tensor], slot: int, n: int) -> List[Tensor]:
          for i in range(len(pools)):
            torch.zero_(torch.narrow(pools[i], 1, slot, n))
          return annotate(List[Tensor], [])
      """;

  private final MoeConfig config;
  private final Layout layout;
  private final boolean packed;
  private final ToIntFunction<String> matrix;

  private ProgramSource(MoeConfig config, Layout layout, boolean packed) {
    this.config = config;
    this.layout = layout;
    this.packed = packed;
    this.matrix = packed ? layout::packed : layout::matrix;
  }

  /** The program over fp32 matrices: it trains, and is the reference for serving. */
  public static String float32(MoeConfig config, Layout layout) {
    return float32(config, layout, false);
  }

  /**
   * The same.
   *
   * @param asServed where adapters are trained, by the matrices of a program in {@link
   *     MatrixFormat#INT8_IN_FP16}
   */
  public static String float32(MoeConfig config, Layout layout, boolean asServed) {
    ProgramSource source = new ProgramSource(config, layout, false);
    String training =
        TrainingSource.METHODS
            + TrainingSource.PREFIXES
            + AdapterTrainingSource.methods(source.layers(), asServed)
            + ExpertLayerSource.inputs(source.layers())
            + PruningSource.methods(source.layers());
    String matrices = HEADER + FLOAT_MATRICES + ADAPTED_TOGETHER + SORTED_EXPERTS;
    return source.render(matrices, training);
  }

  /** The program of one sparse layer's router and experts, or of some of them, in fp32. */
  public static String expertLayer(MoeConfig config, Layout layout) {
    ProgramSource source = new ProgramSource(config, layout, false);
    String methods = ExpertsSource.methods(config) + ExpertLayerSource.METHODS;
    return source.filled(HEADER + FLOAT_MATRICES + SORTED_EXPERTS + methods);
  }

  /**
   * A program that trains all weights of a student.
   *
   * @param format that it is to serve in: numbers are rounded as there
   */
  public static String student(MoeConfig config, Layout layout, MatrixFormat format) {
    ProgramSource source = new ProgramSource(config, layout, false);
    boolean all = config.router().topK() == config.router().numExperts();
    String experts = all ? StudentSource.ALL_EXPERTS : SORTED_EXPERTS;
    String matrices =
        HEADER
            + FLOAT_MATRICES
            + StudentSource.rounding(format)
            + ADAPTED_APART
            + experts
            + StudentSource.METHODS;
    String rounded = matrices.replace("$rounded(", "self.as_served(");
    String watched = THROUGH.replace("def through(", "def watched(") + source.layers().watched();
    return source.render(rounded, watched + TrainingSource.METHODS + AdapterTrainingSource.PART);
  }

  /** A program that trains with a plain loop over its experts and autograd alone: the rival. */
  public static String looped(MoeConfig config, Layout layout) {
    ProgramSource source = new ProgramSource(config, layout, false);
    String training = TrainingSource.METHODS + TrainingSource.BY_AUTOGRAD;
    String matrices = HEADER + FLOAT_MATRICES + ADAPTED_APART + LOOPED_EXPERTS;
    return source.render(matrices, training);
  }

  /** The program over packed int8 matrices, its embedding in bf16: it serves. */
  public static String int8(MoeConfig config, Layout layout, MatrixFormat format) {
    ProgramSource source = new ProgramSource(config, layout, true);
    String norms = source.attention().normsTogether();
    return source.render(HEADER + Int8Source.methods(config, layout, norms, format), "");
  }

  private String render(String matrices, String training) {
    LayerSource layers = layers();
    String apart = config.attention().latent() == null ? "" : AttentionSource.APART;
    return filled(
        matrices
            + apart
            + attention().methods()
            + ExpertsSource.methods(config)
            + layers.methods()
            + HIDDEN
            + THROUGH
            + layers.calls()
            + USES
            + training);
  }

  private String filled(String source) {
    int frozen = config.tieWordEmbeddings() ? 1 : 0;
    return source
        .replace("$rounded(", "(")
        .replace("$tie", config.tieWordEmbeddings() ? "m[$head] = w[0]" : "pass")
        .replace("$trained", Integer.toString(layout.matrices().size() - frozen))
        .replace("$many", Integer.toString(MANY_ADAPTERS))
        .replace("$experts", Integer.toString(config.router().numExperts()))
        .replace("$sites", Integer.toString(Math.max(1, layout.sites().size())))
        .replace("$limits", Integer.toString(config.router().mostExperts() - 1))
        .replace("$rows", Integer.toString(Math.max(1, (1 << 22) / config.vocabSize())))
        .replace("$vectors", Integer.toString(layout.vectors().size()))
        .replace("$part", Integer.toString(Math.max(1, (1 << 20) / config.vocabSize())))
        .replace("$head", Integer.toString(matrix.applyAsInt(head())))
        .replace("$layers", Integer.toString(config.numHiddenLayers()))
        .replace("$vocab", Integer.toString(config.vocabSize()))
        .replace("$k", Integer.toString(config.router().topK()))
        .replace("$d", Integer.toString(config.hiddenSize()))
        .replace("$i", Integer.toString(config.experts().intermediateSize()));
  }

  private AttentionSource attention() {
    return new AttentionSource(config, layout, matrix, packed);
  }

  private LayerSource layers() {
    return new LayerSource(config, layout, matrix);
  }

  private String head() {
    return (config.tieWordEmbeddings() ? "model.embed_tokens" : "lm_head") + ".weight";
  }
}
