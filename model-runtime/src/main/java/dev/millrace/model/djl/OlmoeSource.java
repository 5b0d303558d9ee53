package dev.millrace.model.djl;

import dev.millrace.model.config.MoeConfig;

/**
 * Generates the TorchScript source of an OLMoE-shaped model (arXiv 2409.02060, transformers'
 * modeling_olmoe).
 *
 * <p>Weights come as two lists. {@code w}, always fp32: embedding, final norm, cos, sin, and per
 * layer input norm, post-attention norm, q norm, k norm, router. {@code m}, the matrices: per layer
 * q, k, v, o, the stacked experts' gate_up (E, 2I, d) and down (E, d, I); last the head. In int8
 * the matrices are packed instead, expert by expert.
 *
 * <p>In int8 a row x of activations is {@code s·(c + r/127.5)}: c are the multiples of 1/127.5 that
 * an 8-bit product takes exactly, r what they leave, both within ±1. Both go through the product,
 * with a sentinel row of +1 and −1 that gives the tensor the scale 2/255 whatever else is in it: a
 * row's result is that of 16-bit activations, and does not depend on its neighbours.
 *
 * <p>Inference takes sequences end to end as one (tokens, d) matrix. What is not exact in int8
 * arithmetic runs sequence by sequence (attention, adapter, router), so that a sequence's result
 * does not depend on its neighbours.
 */
final class OlmoeSource {

  private static final String HEADER =
      """
      class Program(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        w : List[Tensor]
        m : List[Tensor]
        packed : Optional[List[__torch__.torch.classes.quantized.LinearPackedParamsBase]]
        def fill(self: __torch__.Program, w: List[Tensor], m: List[Tensor]) -> List[Tensor]:
          self.w = w
          self.m = m
          return annotate(List[Tensor], [])
        def norm(self: __torch__.Program, x: Tensor, weight: Tensor) -> Tensor:
          v = torch.mean(torch.mul(x, x), [-1], True)
          return torch.mul(torch.mul(x, torch.rsqrt(torch.add(v, $eps))), weight)
        def rope(self: __torch__.Program, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
          a, b = torch.chunk(x, 2, -1)
          return torch.add(torch.mul(x, cos), torch.mul(torch.cat([torch.neg(b), a], -1), sin))
        def clip(self: __torch__.Program, x: Tensor) -> Tensor:
          return $clip
        def routes(self: __torch__.Program, logits: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
          p = torch.softmax(logits, -1)
          weights, experts = torch.topk(p, $k, -1)
          return (p, $normed, experts)
      """;

  private static final String TRAIN =
      """
        def delta(self: __torch__.Program, x: Tensor, l: List[Tensor], i: int, scale: Tensor) -> Tensor:
          return torch.mul(torch.linear(torch.linear(x, l[torch.mul(2, i)]), l[torch.add(torch.mul(2, i), 1)]), scale)
        def train_attention(self: __torch__.Program, x: Tensor, layer: int, w: List[Tensor], m: List[Tensor], l: List[Tensor], scale: Tensor) -> Tensor:
          b, t = x.size(0), x.size(1)
          n = 6 * layer
          q = torch.linear(x, m[n])
          k = torch.linear(x, m[n + 1])
          v = torch.linear(x, m[n + 2])
          if len(l) > 0:
            q = torch.add(q, self.delta(x, l, 4 * layer, scale))
            k = torch.add(k, self.delta(x, l, 4 * layer + 1, scale))
            v = torch.add(v, self.delta(x, l, 4 * layer + 2, scale))
          q = self.clip(self.norm(q, w[6 + 5 * layer]))
          k = self.clip(self.norm(k, w[7 + 5 * layer]))
          v = self.clip(v)
          cos = torch.narrow(w[2], 0, 0, t)
          sin = torch.narrow(w[3], 0, 0, t)
          q = self.rope(torch.transpose(torch.reshape(q, [b, t, $heads, $hd]), 1, 2), cos, sin)
          k = self.rope(torch.transpose(torch.reshape(k, [b, t, $kv, $hd]), 1, 2), cos, sin)
          v = torch.transpose(torch.reshape(v, [b, t, $kv, $hd]), 1, 2)
          if $groups > 1:
            k = torch.repeat_interleave(k, $groups, 1)
            v = torch.repeat_interleave(v, $groups, 1)
          c = torch.scaled_dot_product_attention(q, k, v, None, 0.0, True)
          c = torch.reshape(torch.transpose(c, 1, 2), [b, t, $heads * $hd])
          o = torch.linear(c, m[n + 3])
          if len(l) > 0:
            o = torch.add(o, self.delta(c, l, 4 * layer + 3, scale))
          return o
        def train_experts(self: __torch__.Program, x: Tensor, layer: int, w: List[Tensor], m: List[Tensor]) -> Tuple[Tensor, Tensor]:
          p, weights, experts = self.routes(torch.linear(x, w[8 + 5 * layer]))
          flat = torch.reshape(experts, [-1])
          sorted, order = torch.sort(flat, stable=True, dim=0, descending=False)
          counts = torch.bincount(flat, None, $experts)
          sizes = annotate(List[int], [])
          for e in range($experts):
            sizes.append(int(counts[e]))
          parts = torch.split_with_sizes(torch.index_select(x, 0, torch.floor_divide(order, $k)), sizes, 0)
          gate_up = torch.unbind(m[6 * layer + 4], 0)
          down = torch.unbind(m[6 * layer + 5], 0)
          outs = annotate(List[Tensor], [])
          for e in range($experts):
            g, u = torch.chunk(torch.linear(parts[e], gate_up[e]), 2, -1)
            outs.append(torch.linear(torch.mul(torch.silu(g), u), down[e]))
          inverse = torch.argsort(order, 0, False)
          y = torch.reshape(torch.index_select(torch.cat(outs, 0), 0, inverse), [x.size(0), $k, $d])
          y = torch.squeeze(torch.bmm(torch.unsqueeze(weights, 1), y), 1)
          share = torch.div(torch.to(counts, 6), float(x.size(0)))
          balance = torch.mul(torch.sum(torch.mul(share, torch.mean(p, [0], False))), float($experts))
          return (y, balance)
        def train_hidden(self: __torch__.Program, ids: Tensor, w: List[Tensor], m: List[Tensor], l: List[Tensor], scale: Tensor) -> Tuple[Tensor, Tensor]:
          x = torch.embedding(w[0], ids)
          balance = torch.zeros([], dtype=6)
          for layer in range($layers):
            x = torch.add(x, self.train_attention(self.norm(x, w[4 + 5 * layer]), layer, w, m, l, scale))
            h = torch.reshape(self.norm(x, w[5 + 5 * layer]), [-1, $d])
            y, b = self.train_experts(h, layer, w, m)
            x = torch.add(x, torch.reshape(y, [ids.size(0), ids.size(1), $d]))
            balance = torch.add(balance, b)
          return (self.norm(x, w[1]), torch.div(balance, float($layers)))
        def train_logits(self: __torch__.Program, ids: Tensor, w: List[Tensor], m: List[Tensor], l: List[Tensor], scale: Tensor) -> Tuple[Tensor, Tensor]:
          x, balance = self.train_hidden(ids, w, m, l, scale)
          return (torch.linear(x, m[6 * $layers]), balance)
        def train_scores(self: __torch__.Program, ids: Tensor, l: List[Tensor], scale: Tensor) -> List[Tensor]:
          logits, balance = self.train_logits(ids, self.w, self.m, l, scale)
          logp = torch.log_softmax(torch.narrow(logits, 1, 0, ids.size(1) - 1), -1)
          targets = torch.unsqueeze(torch.narrow(ids, 1, 1, ids.size(1) - 1), -1)
          entropy = torch.neg(torch.sum(torch.mul(torch.exp(logp), logp), [-1], False))
          return annotate(List[Tensor], [torch.squeeze(torch.gather(logp, -1, targets), -1), entropy])
        def all_logits(self: __torch__.Program, ids: Tensor, l: List[Tensor], scale: Tensor) -> List[Tensor]:
          logits, balance = self.train_logits(ids, self.w, self.m, l, scale)
          return annotate(List[Tensor], [logits])
        def nll(self: __torch__.Program, logits: Tensor, ids: Tensor) -> Tensor:
          n = ids.size(1) - 1
          x = torch.reshape(torch.narrow(logits, 1, 0, n), [-1, $vocab])
          y = torch.reshape(torch.narrow(ids, 1, 1, n), [-1])
          return torch.reshape(torch.cross_entropy_loss(x, y, None, 0, -100, 0.), [ids.size(0), n])
        def leaves(self: __torch__.Program, xs: List[Tensor]) -> List[Tensor]:
          out = annotate(List[Tensor], [])
          for i in range(len(xs)):
            out.append(torch.requires_grad_(torch.detach(xs[i]), True))
          return out
        def gradients(self: __torch__.Program, loss: Tensor, leaves: List[Tensor], out: List[Tensor]) -> List[Tensor]:
          g = torch.grad(annotate(List[Tensor], [loss]), leaves, annotate(Optional[List[Optional[Tensor]]], None), None, False, False)
          for i in range(len(leaves)):
            out.append(unchecked_cast(Tensor, g[i]))
          return out
        def adapter_gradients(self: __torch__.Program, ids: Tensor, weights: Tensor, l: List[Tensor], scale: Tensor) -> List[Tensor]:
          leaves = self.leaves(l)
          logits, balance = self.train_logits(ids, self.w, self.m, leaves, scale)
          loss = torch.sum(torch.mul(self.nll(logits, ids), weights))
          return self.gradients(loss, leaves, annotate(List[Tensor], [torch.detach(loss)]))
        def anchor_gradients(self: __torch__.Program, ids: Tensor, weights: Tensor, l: List[Tensor], scale: Tensor) -> List[Tensor]:
          leaves = self.leaves(l)
          n = ids.size(1) - 1
          logits, balance = self.train_logits(ids, self.w, self.m, leaves, scale)
          base, balance = self.train_logits(ids, self.w, self.m, annotate(List[Tensor], []), scale)
          q = torch.log_softmax(torch.narrow(logits, 1, 0, n), -1)
          p = torch.detach(torch.log_softmax(torch.narrow(base, 1, 0, n), -1))
          kl = torch.sum(torch.mul(torch.exp(p), torch.sub(p, q)), [-1], False)
          loss = torch.sum(torch.mul(kl, weights))
          return self.gradients(loss, leaves, annotate(List[Tensor], [torch.detach(loss)]))
        def base_gradients(self: __torch__.Program, ids: Tensor, balance_weight: Tensor) -> List[Tensor]:
          w = self.leaves(self.w)
          m = self.leaves(self.m)
          w[2] = self.w[2]
          w[3] = self.w[3]
          logits, balance = self.train_logits(ids, w, m, annotate(List[Tensor], []), balance_weight)
          nll = torch.mean(self.nll(logits, ids))
          loss = torch.add(nll, torch.mul(balance, balance_weight))
          leaves = annotate(List[Tensor], [])
          for i in range(len(w)):
            if i != 2 and i != 3:
              leaves.append(w[i])
          leaves.extend(m)
          return self.gradients(loss, leaves, annotate(List[Tensor], [torch.detach(nll), torch.detach(balance)]))
        def adamw(self: __torch__.Program, g: List[Tensor], h: List[Tensor], m1: List[Tensor], m2: List[Tensor], step: Tensor) -> List[Tensor]:
          lr, decay, c1, c2 = float(step[0]), float(step[1]), float(step[2]), float(step[3])
          p = annotate(List[Tensor], [])
          for i in range(len(self.w)):
            if i != 2 and i != 3:
              p.append(self.w[i])
          p.extend(self.m)
          square = torch.zeros([], dtype=7)
          for i in range(len(p)):
            torch.mul_(torch.add_(g[i], h[i]), 0.5)
            square = torch.add(square, torch.to(torch.sum(torch.mul(g[i], g[i])), 7))
          norm = float(torch.sqrt(square))
          clip = 1.0
          if norm > 1.0:
            clip = 1.0 / norm
          for i in range(len(p)):
            torch.mul_(g[i], clip)
            torch.add_(torch.mul_(m1[i], 0.9), g[i], alpha=0.1)
            torch.addcmul_(torch.mul_(m2[i], 0.95), g[i], g[i], value=0.05)
            if p[i].dim() > 1:
              torch.mul_(p[i], 1.0 - lr * decay)
            d = torch.add_(torch.sqrt(torch.div(m2[i], c2)), 1e-8)
            torch.addcdiv_(p[i], m1[i], d, value=torch.neg(lr / c1))
          return annotate(List[Tensor], [torch.sqrt(square)])
      """;

  private static final String FLOAT_MATRICES =
      """
        def linear(self: __torch__.Program, x: Tensor, layer: int, which: int) -> Tensor:
          return torch.linear(x, self.m[6 * layer + which])
        def experts(self: __torch__.Program, x: Tensor, layer: int, experts: Tensor, weights: Tensor) -> Tensor:
          flat = torch.reshape(experts, [-1])
          sorted, order = torch.sort(flat, stable=True, dim=0, descending=False)
          counts = torch.bincount(flat, None, $experts)
          xs = torch.index_select(x, 0, torch.floor_divide(order, $k))
          outs = annotate(List[Tensor], [])
          start = 0
          for e in range($experts):
            n = int(counts[e])
            if n > 0:
              g, u = torch.chunk(torch.linear(torch.narrow(xs, 0, start, n), torch.select(self.m[6 * layer + 4], 0, e)), 2, -1)
              outs.append(torch.linear(torch.mul(torch.silu(g), u), torch.select(self.m[6 * layer + 5], 0, e)))
              start = start + n
          y = torch.reshape(torch.index_select(torch.cat(outs, 0), 0, torch.argsort(order, 0, False)), [x.size(0), $k, $d])
          return torch.sum(torch.mul(y, torch.unsqueeze(weights, -1)), [1], False)
      """;

  private static final String INT8_MATRICES =
      """
        def pack(self: __torch__.Program, q: List[Tensor], s: List[Tensor]) -> List[Tensor]:
          out = annotate(List[__torch__.torch.classes.quantized.LinearPackedParamsBase], [])
          for i in range(len(q)):
            zero = torch.zeros([q[i].size(0)], dtype=4)
            out.append(ops.quantized.linear_prepack(torch._make_per_channel_quantized_tensor(torch.to(q[i], 1), torch.to(s[i], 7), zero, 0), None))
          self.packed = out
          return annotate(List[Tensor], [])
        def sentinel(self: __torch__.Program, n: int) -> Tensor:
          s = torch.zeros([1, n], dtype=6)
          torch.fill_(torch.narrow(s, 1, 0, 1), 1.)
          torch.fill_(torch.narrow(s, 1, 1, 1), -1.)
          return s
        def split(self: __torch__.Program, x: Tensor) -> Tuple[Tensor, Tensor]:
          scale = torch.clamp_min(torch.amax(torch.abs(x), [-1], True), 1e-30)
          unit = torch.div(x, scale)
          coarse = torch.div(torch.clamp(torch.round(torch.mul(unit, 127.5)), -127., 127.), 127.5)
          rest = torch.mul(torch.sub(unit, coarse), 127.5)
          return (torch.cat([coarse, rest, self.sentinel(x.size(1))], 0), scale)
        def join(self: __torch__.Program, y: Tensor, scale: Tensor) -> Tensor:
          n = scale.size(0)
          return torch.mul(torch.add(torch.narrow(y, 0, 0, n), torch.div(torch.narrow(y, 0, n, n), 127.5)), scale)
        def linear(self: __torch__.Program, x: Tensor, layer: int, which: int) -> Tensor:
          packed = unchecked_cast(List[__torch__.torch.classes.quantized.LinearPackedParamsBase], self.packed)
          rows, scale = self.split(x)
          return self.join(ops.quantized.linear_dynamic(rows, packed[(4 + 2 * $experts) * layer + which], False), scale)
        def each_expert(self: __torch__.Program, rows: Tensor, counts: Tensor, first: int, width: int) -> Tensor:
          packed = unchecked_cast(List[__torch__.torch.classes.quantized.LinearPackedParamsBase], self.packed)
          outs = annotate(List[Tensor], [])
          start = 0
          for e in range($experts):
            c = int(counts[e])
            if c > 1:
              outs.append(ops.quantized.linear_dynamic(torch.narrow(rows, 0, start, c), packed[first + e], False))
            else:
              outs.append(torch.zeros([1, width], dtype=6))
            start = start + c
          return torch.cat(outs, 0)
        def experts(self: __torch__.Program, x: Tensor, layer: int, experts: Tensor, weights: Tensor) -> Tensor:
          n = x.size(0)
          first = (4 + 2 * $experts) * layer + 4
          flat = torch.reshape(experts, [-1])
          all = torch.cat([flat, flat, torch.arange($experts, dtype=4)], 0)
          sorted, order = torch.sort(all, stable=True, dim=0, descending=False)
          back = torch.argsort(order, 0, False)
          counts = torch.bincount(all, None, $experts)
          rows, scale = self.split(x)
          tokens = torch.clamp_max(torch.floor_divide(order, $k), 2 * n)
          y = self.each_expert(torch.index_select(rows, 0, tokens), counts, first, 2 * $i)
          token = torch.floor_divide(torch.arange(n * $k, dtype=4), $k)
          y = self.join(torch.index_select(y, 0, back), torch.index_select(scale, 0, token))
          g, u = torch.chunk(y, 2, -1)
          rows, scale = self.split(torch.mul(torch.silu(g), u))
          h = torch.index_select(rows, 0, torch.clamp_max(order, 2 * n * $k))
          y = self.each_expert(h, counts, first + $experts, $d)
          y = self.join(torch.index_select(y, 0, back), scale)
          return torch.sum(torch.mul(torch.reshape(y, [n, $k, $d]), torch.unsqueeze(weights, -1)), [1], False)
      """;

  private static final String SERVE =
      """
        def row_delta(self: __torch__.Program, x: Tensor, l: List[Tensor], i: int, scale: float) -> Tensor:
          return torch.mul(torch.linear(torch.linear(x, l[2 * i]), l[2 * i + 1]), scale)
        def attention(self: __torch__.Program, x: Tensor, layer: int, lens: List[int], past: int, l: List[Tensor], which: List[int], scales: List[float], keys: List[Tensor], values: List[Tensor], starts: List[int]) -> Tensor:
          q = self.linear(x, layer, 0)
          k = self.linear(x, layer, 1)
          v = self.linear(x, layer, 2)
          contexts = annotate(List[Tensor], [])
          deltas = annotate(List[Tensor], [])
          adapted = False
          at = 0
          for s in range(len(lens)):
            n = lens[s]
            adapter = which[s]
            xs = torch.narrow(x, 0, at, n)
            qs = torch.narrow(q, 0, at, n)
            ks = torch.narrow(k, 0, at, n)
            vs = torch.narrow(v, 0, at, n)
            if adapter >= 0:
              i = $layers * 4 * adapter + 4 * layer
              qs = torch.add(qs, self.row_delta(xs, l, i, scales[s]))
              ks = torch.add(ks, self.row_delta(xs, l, i + 1, scales[s]))
              vs = torch.add(vs, self.row_delta(xs, l, i + 2, scales[s]))
            qs = self.clip(self.norm(qs, self.w[6 + 5 * layer]))
            ks = self.clip(self.norm(ks, self.w[7 + 5 * layer]))
            vs = self.clip(vs)
            first = starts[s]
            cos = torch.narrow(self.w[2], 0, first, n)
            sin = torch.narrow(self.w[3], 0, first, n)
            qh = self.rope(torch.transpose(torch.reshape(qs, [n, $heads, $hd]), 0, 1), cos, sin)
            kh = self.rope(torch.transpose(torch.reshape(ks, [n, $kv, $hd]), 0, 1), cos, sin)
            vh = torch.transpose(torch.reshape(vs, [n, $kv, $hd]), 0, 1)
            if len(keys) > 0:
              c = len(lens) * layer + s
              torch.copy_(torch.narrow(keys[c], 1, first, n), kh)
              torch.copy_(torch.narrow(values[c], 1, first, n), vh)
              kh = torch.narrow(keys[c], 1, 0, first + n)
              vh = torch.narrow(values[c], 1, 0, first + n)
            if $groups > 1:
              kh = torch.repeat_interleave(kh, $groups, 0)
              vh = torch.repeat_interleave(vh, $groups, 0)
            a = torch.mul(torch.matmul(qh, torch.transpose(kh, 1, 2)), $scale)
            if n > 1:
              mask = torch.triu(torch.ones([n, first + n], dtype=11), first + 1)
              a = torch.masked_fill(a, mask, -inf)
            ctx = torch.reshape(torch.transpose(torch.matmul(torch.softmax(a, -1), vh), 0, 1), [n, $heads * $hd])
            contexts.append(ctx)
            if adapter >= 0:
              deltas.append(self.row_delta(ctx, l, $layers * 4 * adapter + 4 * layer + 3, scales[s]))
              adapted = True
            else:
              deltas.append(torch.zeros([n, $d], dtype=6))
            at = at + n
          o = self.linear(torch.cat(contexts, 0), layer, 3)
          if adapted:
            o = torch.add(o, torch.cat(deltas, 0))
          return o
        def hidden(self: __torch__.Program, ids: Tensor, lens: List[int], l: List[Tensor], which: List[int], scales: List[float], keys: List[Tensor], values: List[Tensor], starts: List[int]) -> Tensor:
          x = torch.embedding(self.w[0], ids)
          for layer in range($layers):
            x = torch.add(x, self.attention(self.norm(x, self.w[4 + 5 * layer]), layer, lens, 0, l, which, scales, keys, values, starts))
            h = self.norm(x, self.w[5 + 5 * layer])
            logits = annotate(List[Tensor], [])
            at = 0
            for s in range(len(lens)):
              logits.append(torch.linear(torch.narrow(h, 0, at, lens[s]), self.w[8 + 5 * layer]))
              at = at + lens[s]
            p, weights, experts = self.routes(torch.cat(logits, 0))
            x = torch.add(x, self.experts(h, layer, experts, weights))
          return self.norm(x, self.w[1])
        def zeros_of(self: __torch__.Program, lens: List[int]) -> List[int]:
          out = annotate(List[int], [])
          for s in range(len(lens)):
            out.append(0)
          return out
        def scores(self: __torch__.Program, x: Tensor, targets: Tensor) -> List[Tensor]:
          logp = torch.log_softmax(self.linear(x, $layers, 0), -1)
          entropy = torch.neg(torch.sum(torch.mul(torch.exp(logp), logp), [-1], False))
          return annotate(List[Tensor], [torch.squeeze(torch.gather(logp, -1, torch.unsqueeze(targets, -1)), -1), entropy])
        def score(self: __torch__.Program, ids: Tensor, targets: Tensor, lens: List[int], l: List[Tensor], which: List[int], scales: List[float]) -> List[Tensor]:
          none = annotate(List[Tensor], [])
          return self.scores(self.hidden(ids, lens, l, which, scales, none, none, self.zeros_of(lens)), targets)
        def alone(self: __torch__.Program, ids: Tensor, lens: List[int]) -> Tensor:
          none = annotate(List[Tensor], [])
          which = annotate(List[int], [])
          scales = annotate(List[float], [])
          for s in range(len(lens)):
            which.append(-1)
            scales.append(0.)
          return self.hidden(ids, lens, none, which, scales, none, none, self.zeros_of(lens))
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
          out = self.scores(x, targets)
          out.append(self.pooled(x, lens))
          return out
        def generate(self: __torch__.Program, ids: Tensor, lens: List[int], l: List[Tensor], which: List[int], scales: List[float], limits: List[int], temperatures: List[float], draws: Tensor) -> List[Tensor]:
          keys = annotate(List[Tensor], [])
          values = annotate(List[Tensor], [])
          for layer in range($layers):
            for s in range(len(lens)):
              keys.append(torch.zeros([$kv, lens[s] + limits[s], $hd], dtype=6))
              values.append(torch.zeros([$kv, lens[s] + limits[s], $hd], dtype=6))
          steps = draws.size(1)
          out = torch.full([len(lens), steps], -1, dtype=4)
          logps = torch.zeros([len(lens), steps], dtype=6)
          x = self.hidden(ids, lens, l, which, scales, keys, values, self.zeros_of(lens))
          rows = annotate(List[int], [])
          live = annotate(List[int], [])
          at = 0
          for s in range(len(lens)):
            at = at + lens[s]
            rows.append(at - 1)
            live.append(s)
          x = torch.index_select(x, 0, torch.tensor(rows, dtype=4))
          for step in range(steps):
            logp = torch.log_softmax(self.linear(x, $layers, 0), -1)
            next = annotate(List[int], [])
            ones = annotate(List[int], [])
            starts = annotate(List[int], [])
            which2 = annotate(List[int], [])
            scales2 = annotate(List[float], [])
            keys2 = annotate(List[Tensor], [])
            values2 = annotate(List[Tensor], [])
            live2 = annotate(List[int], [])
            for r in range(len(live)):
              s = live[r]
              row = torch.select(logp, 0, r)
              token = 0
              if temperatures[s] > 0.:
                c = torch.cumsum(torch.softmax(torch.div(row, temperatures[s]), 0), 0)
                u = torch.mul(torch.select(torch.select(draws, 0, s), 0, step), c[$vocab - 1])
                token = int(torch.clamp_max(torch.sum(torch.le(c, u)), $vocab - 1))
              else:
                token = int(torch.argmax(row))
              torch.fill_(torch.select(torch.select(out, 0, s), 0, step), token)
              torch.copy_(torch.select(torch.select(logps, 0, s), 0, step), row[token])
              if step + 1 < limits[s]:
                live2.append(s)
                next.append(token)
                ones.append(1)
                starts.append(lens[s] + step)
                which2.append(which[s])
                scales2.append(scales[s])
            if len(live2) > 0:
              for layer in range($layers):
                for r in range(len(live2)):
                  keys2.append(keys[len(lens) * layer + live2[r]])
                  values2.append(values[len(lens) * layer + live2[r]])
              x = self.hidden(torch.tensor(next, dtype=4), ones, l, which2, scales2, keys2, values2, starts)
            live = live2
          return annotate(List[Tensor], [out, logps])
      """;

  private OlmoeSource() {}

  /** The program over fp32 matrices: it trains, and is the reference for serving. */
  static String float32(MoeConfig config) {
    return render(HEADER + TRAIN + FLOAT_MATRICES + SERVE, config);
  }

  /** The program over packed int8 matrices: it serves. */
  static String int8(MoeConfig config) {
    return render(HEADER + INT8_MATRICES + SERVE, config);
  }

  private static String render(String template, MoeConfig c) {
    String clip =
        Double.isFinite(c.clipQkv())
            ? "torch.clamp(x, -" + c.clipQkv() + ", " + c.clipQkv() + ")"
            : "x";
    String normed =
        c.normTopkProb() ? "torch.div(weights, torch.sum(weights, [-1], True))" : "weights";
    return template
        .replace("$eps", Double.toString(c.rmsNormEps()))
        .replace("$clip", clip)
        .replace("$normed", normed)
        .replace("$experts", Integer.toString(c.numExperts()))
        .replace("$heads", Integer.toString(c.numAttentionHeads()))
        .replace("$groups", Integer.toString(c.numAttentionHeads() / c.numKeyValueHeads()))
        .replace("$kv", Integer.toString(c.numKeyValueHeads()))
        .replace("$hd", Integer.toString(c.headDim()))
        .replace("$k", Integer.toString(c.numExpertsPerTok()))
        .replace("$layers", Integer.toString(c.numHiddenLayers()))
        .replace("$vocab", Integer.toString(c.vocabSize()))
        .replace("$scale", Double.toString(1 / Math.sqrt(c.headDim())))
        .replace("$d", Integer.toString(c.hiddenSize()))
        .replace("$i", Integer.toString(c.intermediateSize()));
  }
}
