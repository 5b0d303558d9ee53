package dev.millrace.model.program;

/**
 * The part of a float program that trains adapters, layer by layer: the base is frozen, so routed
 * experts and the head have backward passes of their own that give no gradients of weights, and all
 * else of a layer goes through autograd.
 *
 * <p>{@code how} holds the type of the products (6: fp32, 15: bf16), the first layer whose front is
 * kept from the forward pass, and the first whose experts' inner values are; what is not kept is
 * computed again, by the same operations, but for how slots are sorted. Inner values in fp32 are
 * what silu takes, in bf16 the bare product.
 */
final class AdapterTrainingSource {

  private static final String EXPERTS =
      """
        def slots(self: __torch__.Program, route: List[Tensor]) -> Tensor:
          flat = torch.index_select(torch.reshape(route[2], [-1]), 0, route[3])
          sorted, order = torch.sort(flat, stable=True, dim=0, descending=False)
          return torch.index_select(route[3], 0, order)
        def by_expert(self: __torch__.Program, route: List[Tensor]) -> Tuple[Tensor, Tensor, List[int]]:
          slots = route[4]
          experts = torch.index_select(torch.reshape(route[2], [-1]), 0, slots)
          counts = annotate(List[int], torch.bincount(experts, None, $experts).tolist())
          return (slots, torch.floor_divide(slots, route[2].size(1)), counts)
        def row_scales(self: __torch__.Program, i: int, m: List[Tensor]) -> List[Tensor]:
          s = annotate(List[Tensor], [])
          if ops.prim.dtype(m[i]) == 1:
            s = torch.unbind(torch.squeeze(self.w[$vectors + i], -1), 0)
          return s
        def scaled(self: __torch__.Program, y: Tensor, scales: List[Tensor], e: int) -> Tensor:
          y = torch.to(y, 6)
          if len(scales) > 0:
            y = torch.mul_(y, scales[e])
          return y
        def product_back(self: __torch__.Program, out: Tensor, g: Tensor, q: Tensor, scales: List[Tensor], e: int, type: int) -> Tensor:
          g = self.scaled(g, scales, e)
          if type == 6:
            out = torch.mm(g, torch.to(q, 6), out=out)
          else:
            out = torch.copy_(out, torch.mm(torch.to(g, type), torch.to(q, type)))
          return out
        def each(self: __torch__.Program, f: Tensor) -> List[Tensor]:
          out = annotate(List[Tensor], [])
          if f.numel() > 0:
            out = torch.unbind(f, 0)
          return out
        def thin(self: __torch__.Program, y: Tensor, x: Tensor, a: Tensor, b: Tensor) -> Tensor:
          return torch.add_(y, torch.linear(torch.linear(x, a), b))
        def experts_forward(self: __torch__.Program, h: Tensor, p0: int, route: List[Tensor], f: List[Tensor], type: int, keep: bool, m: List[Tensor]) -> Tuple[Tensor, List[Tensor]]:
          slots, token, counts = self.by_expert(route)
          x = torch.to(h, type)
          gate_up, down = torch.unbind(m[p0], 0), torch.unbind(m[p0 + 1], 0)
          gate_up_scales, down_scales = self.row_scales(p0, m), self.row_scales(p0 + 1, m)
          gate_up_a, gate_up_b = self.each(f[0]), self.each(f[1])
          down_a, down_b = self.each(f[2]), self.each(f[3])
          gate_up_at, down_at = self.packed_at(p0), self.packed_at(p0 + 1)
          tokens = torch.split_with_sizes(token, counts, 0)
          y = torch.empty([slots.size(0), h.size(1)], dtype=6)
          ys = torch.split_with_sizes(y, counts, 0)
          inner = annotate(List[Tensor], [])
          for e in range($experts):
            if counts[e] > 0:
              at = tokens[e]
              t = self.product(torch.index_select(x, 0, at), gate_up[e], gate_up_at + e)
              if keep and type != 6:
                inner.append(t)
              t = self.scaled(t, gate_up_scales, e)
              if len(gate_up_a) > 0:
                t = self.thin(t, torch.index_select(h, 0, at), gate_up_a[e], gate_up_b[e])
              if keep and type == 6:
                inner.append(t)
              gate, up = torch.chunk(t, 2, -1)
              s = torch.mul_(torch.silu(gate), up)
              out = self.product(torch.to(s, type), down[e], down_at + e)
              if len(down_scales) > 0:
                torch.mul(out, down_scales[e], out=ys[e])
              else:
                torch.copy_(ys[e], out)
              if len(down_a) > 0:
                self.thin(ys[e], s, down_a[e], down_b[e])
          return (self.summed(y, route), inner)
        def summed(self: __torch__.Program, y: Tensor, route: List[Tensor]) -> Tensor:
          n, k, kept, slots = route[2].size(0), route[2].size(1), route[3], route[4]
          at = torch.index_copy_(torch.empty([n * k], dtype=4), 0, slots, torch.arange(slots.size(0), dtype=4))
          at = torch.index_select(at, 0, kept)
          first = torch.searchsorted(kept, torch.mul(torch.arange(n, dtype=4), k))
          w = torch.index_select(torch.reshape(route[1], [-1]), 0, kept)
          sums, bags, sizes, most = torch.embedding_bag(y, at, first, False, 0, False, w, False)
          return sums
        def experts_backward(self: __torch__.Program, g: Tensor, h: Tensor, p0: int, route: List[Tensor], f: List[Tensor], inner: List[Tensor], type: int, m: List[Tensor]) -> Tuple[Tensor, Tensor, List[Tensor]]:
          slots, token, counts = self.by_expert(route)
          x = torch.to(h, type)
          ws = torch.index_select(torch.reshape(route[1], [-1, 1]), 0, slots)
          gate_up, down = torch.unbind(m[p0], 0), torch.unbind(m[p0 + 1], 0)
          gate_up_scales, down_scales = self.row_scales(p0, m), self.row_scales(p0 + 1, m)
          gate_up_a, gate_up_b = self.each(f[0]), self.each(f[1])
          down_a, down_b = self.each(f[2]), self.each(f[3])
          gate_up_at = self.packed_at(p0)
          df = annotate(List[Tensor], [])
          for j in range(4):
            df.append(torch.zeros_like(f[j]))
          tokens, shares = torch.split_with_sizes(token, counts, 0), torch.split_with_sizes(ws, counts, 0)
          dws = annotate(List[Tensor], [])
          dx = torch.empty([slots.size(0), h.size(1)], dtype=6)
          dxs = torch.split_with_sizes(dx, counts, 0)
          for e in range($experts):
            if counts[e] > 0:
              at, w = tokens[e], shares[e]
              if len(inner) > 0:
                t = inner[len(dws)]
              else:
                t = self.product(torch.index_select(x, 0, at), gate_up[e], gate_up_at + e)
              if len(inner) == 0 or type != 6:
                t = self.scaled(t, gate_up_scales, e)
                if len(gate_up_a) > 0:
                  t = self.thin(t, torch.index_select(h, 0, at), gate_up_a[e], gate_up_b[e])
              gate, up = torch.chunk(t, 2, -1)
              s = torch.silu(gate)
              gs = torch.index_select(g, 0, at)
              da = torch.empty_like(s)
              if len(down_a) > 0:
                thin = self.thin_back(gs, torch.mul(s, up), down_a[e], down_b[e], w, torch.select(df[2], 0, e), torch.select(df[3], 0, e))
                da = torch.add_(self.product_back(da, gs, down[e], down_scales, e, type), thin)
              else:
                da = self.product_back(da, gs, down[e], down_scales, e, type)
              dt = torch.empty_like(t)
              dg, du = torch.chunk(dt, 2, -1)
              torch.mul(da, s, out=du)
              dws.append(torch.sum(torch.mul(du, up), [-1], False))
              torch.silu_backward(torch.mul_(da, up), gate, grad_input=dg)
              if len(gate_up_a) > 0:
                thin = self.thin_back(dt, torch.index_select(h, 0, at), gate_up_a[e], gate_up_b[e], w, torch.select(df[0], 0, e), torch.select(df[1], 0, e))
                torch.add_(self.product_back(dxs[e], dt, gate_up[e], gate_up_scales, e, type), thin)
              else:
                self.product_back(dxs[e], dt, gate_up[e], gate_up_scales, e, type)
          dw = torch.index_copy(torch.zeros([route[1].numel()], dtype=6), 0, slots, torch.cat(dws, 0))
          return (self.summed(dx, route), torch.reshape(dw, [h.size(0), -1]), df)
        def thin_back(self: __torch__.Program, g: Tensor, x: Tensor, a: Tensor, b: Tensor, w: Tensor, da: Tensor, db: Tensor) -> Tensor:
          dz = torch.matmul(g, b)
          torch.copy_(db, torch.matmul(torch.transpose(g, 0, 1), torch.mul_(torch.linear(x, a), w)))
          torch.copy_(da, torch.matmul(torch.transpose(torch.mul(dz, w), 0, 1), x))
          return torch.matmul(dz, a)
      """;

  /** Products with frozen matrices as they lie in {@code m}. */
  private static final String PRODUCTS =
      """
        def packed_at(self: __torch__.Program, i: int) -> int:
          return 0
        def product(self: __torch__.Program, x: Tensor, q: Tensor, i: int) -> Tensor:
          return torch.linear(x, torch.to(q, ops.prim.dtype(x)))
        def logits_of(self: __torch__.Program, x: Tensor, head: Tensor, type: int) -> Tensor:
          return torch.to(torch.linear(torch.to(x, type), head), 6)
      """;

  /** The same in fp32 by what serves, {@link MatrixFormat#INT8_IN_FP16}: faster than MKL's. */
  private static final String PRODUCTS_AS_SERVED =
      """
        def share(self: __torch__.Program, packed: List[__torch__.torch.classes.quantized.LinearPackedParamsBase]) -> List[Tensor]:
          self.packed = packed
          return annotate(List[Tensor], [])
        def packed_at(self: __torch__.Program, i: int) -> int:
          at = $packed
          return at[i]
        def product(self: __torch__.Program, x: Tensor, q: Tensor, i: int) -> Tensor:
          if ops.prim.dtype(x) == 6:
            packed = unchecked_cast(List[__torch__.torch.classes.quantized.LinearPackedParamsBase], self.packed)
            y = ops.quantized.linear_dynamic_fp16(x, packed[i])
          else:
            y = torch.linear(x, torch.to(q, ops.prim.dtype(x)))
          return y
        def logits_of(self: __torch__.Program, x: Tensor, head: Tensor, type: int) -> Tensor:
          if type == 6:
            z = torch.mul_(self.product(x, head, self.packed_at($head)), torch.reshape(self.w[$vectors + $head], [-1]))
          else:
            z = torch.to(torch.linear(torch.to(x, type), head), 6)
          return z
      """;

  /** How many rows of logits are in memory at a time. */
  static final String PART =
      """
        def part(self: __torch__.Program, at: int, all: int) -> int:
          n = $part
          if all - at < n:
            n = all - at
          return n
      """;

  /** The greatest probability of a row is one over the sum that softmax divides by. */
  private static final String HEAD =
      """
        def text_loss(self: __torch__.Program, x: Tensor, targets: Tensor, weights: Tensor, type: int, m: List[Tensor]) -> Tuple[Tensor, Tensor]:
          head = torch.to(self.taken($head, m), type)
          loss = torch.zeros([], dtype=7)
          dx = annotate(List[Tensor], [])
          at = 0
          while at < x.size(0):
            n = self.part(at, x.size(0))
            rows = torch.narrow(x, 0, at, n)
            z = self.logits_of(rows, head, type)
            p = torch._softmax(z, -1, False, out=z)
            target = torch.unsqueeze(torch.narrow(targets, 0, at, n), -1)
            w = torch.unsqueeze(torch.narrow(weights, 0, at, n), -1)
            logp = torch.log(torch.gather(p, -1, target))
            if float(torch.amin(logp, [0, 1])) < -80.:
              logits = self.logits_of(rows, head, type)
              logp = torch.sub(torch.gather(logits, -1, target), self.log_sum(logits, p))
            loss = torch.sub(loss, torch.to(torch.sum(torch.mul(logp, w)), 7))
            d = torch.scatter_add_(p, 1, target, torch.full_like(w, -1.))
            dx.append(torch.mul_(torch.to(torch.matmul(torch.to(d, type), head), 6), w))
            at = at + n
          return (loss, torch.cat(dx, 0))
        def anchor_loss(self: __torch__.Program, x: Tensor, base: Tensor, weights: Tensor, type: int, m: List[Tensor]) -> Tuple[Tensor, Tensor]:
          head = torch.to(self.taken($head, m), type)
          loss = torch.zeros([], dtype=7)
          dx = annotate(List[Tensor], [])
          at = 0
          while at < x.size(0):
            n = self.part(at, x.size(0))
            zq = self.logits_of(torch.narrow(x, 0, at, n), head, type)
            zp = self.logits_of(torch.narrow(base, 0, at, n), head, type)
            q, p = torch.softmax(zq, -1), torch.softmax(zp, -1)
            w = torch.unsqueeze(torch.narrow(weights, 0, at, n), -1)
            kl = torch.sub(self.log_sum(zq, q), self.log_sum(zp, p))
            kl = torch.add(kl, torch.sum(torch.mul_(torch.sub_(zp, zq), p), [-1], True))
            loss = torch.add(loss, torch.to(torch.sum(torch.mul(kl, w)), 7))
            d = torch.sub_(q, p)
            dx.append(torch.mul_(torch.to(torch.matmul(torch.to(d, type), head), 6), w))
            at = at + n
          return (loss, torch.cat(dx, 0))
        def taught_loss(self: __torch__.Program, x: Tensor, likely: Tensor, logp: Tensor, weights: Tensor, type: int, m: List[Tensor]) -> Tuple[Tensor, Tensor]:
          head = torch.to(self.taken($head, m), type)
          loss = torch.zeros([], dtype=7)
          dx = annotate(List[Tensor], [])
          at = 0
          while at < x.size(0):
            n = self.part(at, x.size(0))
            d = torch.log_softmax(self.logits_of(torch.narrow(x, 0, at, n), head, type), -1)
            w = torch.unsqueeze(torch.narrow(weights, 0, at, n), -1)
            tokens, lp = torch.narrow(likely, 0, at, n), torch.narrow(logp, 0, at, n)
            lq = torch.gather(d, 1, tokens)
            p, q = torch.exp(lp), torch.exp(lq)
            rest = torch.clamp_min(torch.rsub(torch.sum(p, [-1], True), 1.), 0.)
            others = torch.clamp_min(torch.rsub(torch.sum(q, [-1], True), 1.), 1e-06)
            kl = torch.sub(torch.xlogy(rest, rest), torch.mul(rest, torch.log(others)))
            kl = torch.add(kl, torch.sum(torch.mul(p, torch.sub(lp, lq)), [-1], True))
            loss = torch.add(loss, torch.to(torch.sum(torch.mul(kl, w)), 7))
            d = torch.mul_(torch.exp_(d), torch.rsub(torch.div(rest, others), 1.))
            d = torch.scatter_(d, 1, tokens, torch.sub(q, p))
            dx.append(torch.mul_(torch.to(torch.matmul(torch.to(d, type), head), 6), w))
            at = at + n
          return (loss, torch.cat(dx, 0))
        def log_sum(self: __torch__.Program, z: Tensor, p: Tensor) -> Tensor:
          return torch.sub(torch.amax(z, [-1], True), torch.log(torch.amax(p, [-1], True)))
      """;

  /**
   * Second factors lie in memory as their transpose: products with few columns are slow otherwise.
   * Texts have no {@code teachers}; one without factors is the base.
   */
  private static final String STEP =
      """
        def of_layer(self: __torch__.Program, i: int, type: int, m: List[Tensor]) -> List[Tensor]:
          first = $first
          out = annotate(List[Tensor], [])
          for j in range(len(m)):
            q = m[j]
            if j >= first[i] and j < first[i + 1] and q.dim() == 2:
              q = torch.to(self.taken(j, m), type)
            out.append(q)
          return out
        def detached(self: __torch__.Program, xs: List[Tensor]) -> List[Tensor]:
          out = annotate(List[Tensor], [])
          for i in range(len(xs)):
            out.append(torch.detach(xs[i]))
          return out
        def front(self: __torch__.Program, i: int, x: Tensor, lens: List[int], r: Tensor, a: Tuple[List[int], List[Tensor], List[int], List[float]], type: int) -> Tuple[Tensor, Tensor, List[Tensor]]:
          w = self.w
          m = self.of_layer(i, type, self.m)
          c = self.none(lens)
          keys, values, slots, past, runs, aside = c
          cos = self.table(w[2], lens, past, aside)
          sin = self.table(w[3], lens, past, aside)
          h = x
          route = annotate(List[Tensor], [])
      $fronts
          return (x, h, route)
        def forward_layers(self: __torch__.Program, ids: Tensor, lens: List[int], r: Tensor, a: Tuple[List[int], List[Tensor], List[int], List[float]], traced: Tuple[List[int], List[Tensor], List[int], List[float]], how: List[int]) -> Tuple[Tensor, List[Tensor], List[List[Tensor]], List[List[Tensor]]]:
          experts_at = $experts_at
          spans, l, which, scales = a
          inputs = annotate(List[Tensor], [])
          fronts = annotate(List[List[Tensor]], [])
          inners = annotate(List[List[Tensor]], [])
          x = torch.to(torch.embedding(self.w[0], ids), 6)
          for i in range($layers):
            by = a
            if i >= how[1]:
              x = torch.requires_grad_(torch.detach(x), True)
              by = traced
            inputs.append(x)
            z, h, route = self.front(i, x, lens, r, by, how[0])
            front = annotate(List[Tensor], [])
            if i >= how[1]:
              front = annotate(List[Tensor], [z, h])
              front.extend(route)
            if len(route) > 0:
              route.append(self.slots(route))
              front.append(route[4])
            fronts.append(front)
            x = torch.detach(z)
            inner = annotate(List[Tensor], [])
            if len(route) > 0:
              y, inner = self.experts_forward(torch.detach(h), experts_at[i], self.detached(route), self.of_experts(i, l, which[0]), how[0], i >= how[2], self.m)
              x = torch.add(x, y)
            inners.append(inner)
          return (x, inputs, fronts, inners)
        def of_experts(self: __torch__.Program, i: int, l: List[Tensor], which: int) -> List[Tensor]:
          sites = $sites_at
          out = annotate(List[Tensor], [])
          if which >= 0:
            out = self.detached(l[2 * sites[i + 1] - 4:2 * sites[i + 1]])
          else:
            for j in range(4):
              out.append(torch.zeros([0], dtype=6))
          return out
        def backward_layer(self: __torch__.Program, i: int, g: Tensor, x: Tensor, front: List[Tensor], inner: List[Tensor], leaves: List[Tensor], type: int) -> List[Tensor]:
          experts_at = $experts_at
          z, h, route = front[0], front[1], front[2:]
          outputs = annotate(List[Tensor], [z])
          gs = annotate(List[Optional[Tensor]], [g])
          df = annotate(List[Tensor], [])
          if len(route) > 0:
            n = len(leaves)
            dh, dw, df = self.experts_backward(g, torch.detach(h), experts_at[i], self.detached(route), self.detached(leaves[n - 4:n]), inner, type, self.m)
            outputs.extend(annotate(List[Tensor], [h, route[1]]))
            gs.extend(annotate(List[Optional[Tensor]], [dh, dw]))
          inputs = annotate(List[Tensor], [])
          for j in range(len(leaves) - len(df)):
            inputs.append(leaves[j])
          if i > 0:
            inputs.append(x)
          out = annotate(List[Tensor], [])
          if len(inputs) > 0:
            found = torch.grad(outputs, inputs, annotate(Optional[List[Optional[Tensor]]], gs), None, False, True)
            for j in range(len(inputs)):
              if torch.__is__(found[j], None):
                out.append(torch.zeros_like(inputs[j]))
              else:
                out.append(unchecked_cast(Tensor, found[j]))
          dx = annotate(List[Tensor], [])
          if i > 0:
            dx.append(out.pop(-1))
          out.extend(df)
          out.extend(dx)
          return out
        def turned(self: __torch__.Program, l: List[Tensor]) -> List[Tensor]:
          out = annotate(List[Tensor], [])
          for j in range(len(l)):
            f = l[j]
            if j % 2 == 1 and f.dim() == 2:
              f = torch.t(torch.contiguous(torch.t(f)))
            out.append(f)
          return out
        def learn(self: __torch__.Program, ids: Tensor, targets: Tensor, lens: Tensor, r: Tensor, weights: Tensor, l: List[Tensor], how: Tensor, base: Tensor, taught: List[Tensor], teacher: List[Tensor]) -> List[Tensor]:
          sites = $sites_at
          sizes = self.lengths(lens)
          limits = self.by_row(r, sizes)
          type = int(how[0])
          spans = annotate(List[int], [ids.size(0)])
          l = self.turned(l)
          a = (spans, l, annotate(List[int], [0]), annotate(List[float], [1.]))
          leaves = self.leaves(l)
          traced = (spans, leaves, annotate(List[int], [0]), annotate(List[float], [1.]))
          x, inputs, fronts, inners = self.forward_layers(ids, sizes, limits, a, traced, annotate(List[int], [type, int(how[1]), int(how[2])]))
          x = torch.requires_grad_(x, True)
          y = self.norm(x, self.w[1], $eps)
          if base.size(0) > 0:
            loss, dy = self.anchor_loss(torch.detach(y), base, weights, type, self.m)
          elif len(taught) > 0:
            loss, dy = self.taught_loss(torch.detach(y), taught[0], taught[1], weights, type, self.m)
          elif len(teacher) > 0:
            by = (spans, self.turned(teacher), annotate(List[int], [0]), annotate(List[float], [1.]))
            b, bi, bf, bn = self.forward_layers(ids, sizes, limits, by, by, annotate(List[int], [type, $layers, $layers]))
            loss, dy = self.anchor_loss(torch.detach(y), self.norm(b, self.w[1], $eps), weights, type, self.m)
          else:
            loss, dy = self.text_loss(torch.detach(y), targets, weights, type, self.m)
          g = unchecked_cast(Tensor, torch.grad(annotate(List[Tensor], [y]), annotate(List[Tensor], [x]), annotate(Optional[List[Optional[Tensor]]], annotate(List[Optional[Tensor]], [dy])), None, False, True)[0])
          out = annotate(List[List[Tensor]], [])
          for j in range($layers):
            i = $layers - 1 - j
            x = inputs[i]
            front = fronts[i]
            if len(front) < 2:
              x = torch.requires_grad_(torch.detach(x), True)
              z, h, route = self.front(i, x, sizes, limits, traced, type)
              route.extend(front)
              front = annotate(List[Tensor], [z, h])
              front.extend(route)
            some = leaves[2 * sites[i]:2 * sites[i + 1]]
            found = self.backward_layer(i, g, x, front, inners[i], some, type)
            if i > 0:
              g = found[len(some)]
              found = found[:len(some)]
            out.append(found)
            fronts[i] = annotate(List[Tensor], [])
            inners[i] = annotate(List[Tensor], [])
          all = annotate(List[Tensor], [loss])
          for j in range($layers):
            all.extend(out[$layers - 1 - j])
          return all
        def adapter_gradients(self: __torch__.Program, ids: Tensor, targets: Tensor, lens: Tensor, r: Tensor, weights: Tensor, l: List[Tensor], how: Tensor) -> List[Tensor]:
          return self.learn(ids, targets, lens, r, weights, l, how, torch.zeros([0], dtype=6), annotate(List[Tensor], []), annotate(List[Tensor], []))
        def anchor_gradients(self: __torch__.Program, ids: Tensor, targets: Tensor, lens: Tensor, r: Tensor, weights: Tensor, l: List[Tensor], how: Tensor, base: Tensor) -> List[Tensor]:
          return self.learn(ids, targets, lens, r, weights, l, how, base, annotate(List[Tensor], []), annotate(List[Tensor], []))
        def taught_gradients(self: __torch__.Program, ids: Tensor, targets: Tensor, lens: Tensor, r: Tensor, weights: Tensor, likely: Tensor, logp: Tensor, l: List[Tensor], how: Tensor) -> List[Tensor]:
          return self.learn(ids, targets, lens, r, weights, l, how, torch.zeros([0], dtype=6), annotate(List[Tensor], [likely, logp]), annotate(List[Tensor], []))
        def teacher_gradients(self: __torch__.Program, ids: Tensor, targets: Tensor, lens: Tensor, r: Tensor, weights: Tensor, l: List[Tensor], how: Tensor, t: List[Tensor]) -> List[Tensor]:
          return self.learn(ids, targets, lens, r, weights, l, how, torch.zeros([0], dtype=6), annotate(List[Tensor], []), t)
        def anchor_states(self: __torch__.Program, ids: Tensor, type: int) -> List[Tensor]:
          n = annotate(List[int], [ids.size(0)])
          off = (n, annotate(List[Tensor], []), annotate(List[int], [-1]), annotate(List[float], [0.]))
          x, inputs, fronts, inners = self.forward_layers(ids, n, self.fixed(), off, off, annotate(List[int], [type, $layers, $layers]))
          return annotate(List[Tensor], [self.norm(x, self.w[1], $eps)])
      """;

  private AdapterTrainingSource() {}

  /**
   * @param asServed with products by the packed matrices of the program that serves
   */
  static String methods(LayerSource layers, boolean asServed) {
    String products =
        asServed
            ? PRODUCTS_AS_SERVED.replace("$packed", layers.layout().packedPlaces().toString())
            : PRODUCTS;
    return EXPERTS
        + products
        + PART
        + HEAD
        + STEP.replace("$fronts\n", layers.fronts())
            .replace("$first", layers.firstMatrices().toString())
            .replace("$experts_at", layers.expertPlaces().toString())
            .replace("$sites_at", layers.firstSites().toString())
            .replace("$eps", Double.toString(layers.config().rmsNormEps()));
  }
}
