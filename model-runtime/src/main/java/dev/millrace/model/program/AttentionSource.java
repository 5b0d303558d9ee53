package dev.millrace.model.program;

import dev.millrace.model.config.AttentionConfig;
import dev.millrace.model.config.AttentionConfig.QkNorm;
import dev.millrace.model.config.LatentConfig;
import dev.millrace.model.config.MoeConfig;
import java.util.Locale;
import java.util.function.ToIntFunction;

/**
 * The attention of a program: {@code attention(x, layer, w, p, s, window, ...)}, where w, p and s
 * are the places of the layer's first vector, first matrix and first adapter site.
 *
 * <p>Projections take all rows at once. What is not exact in int8 arithmetic, the products of
 * queries with keys and of weights with values, runs sequence by sequence, so that a sequence's
 * result does not depend on its neighbours; neighbours of one length are one call of a kernel that
 * keeps them apart and keeps no matrix of weights, for which values are as wide as keys: zeros make
 * up for it. Of a text that is longer than the window it is told by a mask, which has one value for
 * each distance of a query from a key: with queries from last to first it is one row, read a place
 * further on for each. With a cache, keys and values of a sequence lie in consecutive slots of the
 * layer's pool.
 *
 * <p>Sequences that bring one token come first, and go together where they can: {@code runs} say
 * which, {@code aside} holds their last positions and slots, then of each run the last positions
 * and the mask. Each row of a run is a product of its own, over its own slots.
 *
 * @param matrix the place of a matrix by its name
 * @param packed whether it is among the packed ones, where those of queries, keys and values are
 *     one
 */
record AttentionSource(
    MoeConfig config, Layout layout, ToIntFunction<String> matrix, boolean packed) {

  /**
   * (heads, time, features) each, of one sequence or of {@code many} as long end to end; keys and
   * values may be longer than queries by the past.
   */
  private static final String ATTEND =
      """
        def attend(self: __torch__.Program, q: Tensor, k: Tensor, v: Tensor, many: int, past: int, window: int) -> Tensor:
          n = torch.floordiv(q.size(1), many)
          if $groups > 1:
            k = torch.repeat_interleave(k, $groups, 0)
            v = torch.repeat_interleave(v, $groups, 0)
          if past == 0:
            qs, ks, vs = self.each_of($widerq, many), self.each_of($widerk, many), self.each_of($widerv, many)
            qs, ks, vs = self.as_alone(qs), self.as_alone(ks), self.as_alone(vs)
            if n > window:
              c = torch.flip(torch.scaled_dot_product_attention(torch.flip(qs, [2]), ks, vs, self.band(q, n, window), 0., False, scale=$scale), [2])
            else:
              c = torch.scaled_dot_product_attention(qs, ks, vs, None, 0., True, scale=$scale)
            c = torch.transpose($narrowed, 1, 2)
          else:
            q, k, v = self.as_alone(q), self.as_alone(k), self.as_alone(v)
            a = torch.mul(torch.matmul(q, torch.transpose(k, 1, 2)), $scale)
            if n > 1:
              a = torch.masked_fill(a, torch.triu(torch.ones([n, past + n], dtype=11), past + 1), -inf)
            if past + n > window:
              a = torch.masked_fill(a, torch.tril(torch.ones([n, past + n], dtype=11), past - window), -inf)
            c = torch.transpose(torch.matmul(torch.softmax(a, -1), v), 0, 1)
          return torch.reshape(c, [many * n, $heads * $vd])
        def as_alone(self: __torch__.Program, x: Tensor) -> Tensor:
          return $alone
        def band(self: __torch__.Program, q: Tensor, n: int, window: int) -> Tensor:
          at = torch.arange(2 * n - 1, dtype=4)
          beyond = torch.logical_or(torch.lt(at, n - window), torch.ge(at, n))
          row = torch.masked_fill(torch.zeros([2 * n - 1], dtype=6), beyond, -inf)
          band = torch.as_strided(row, [1, 1, n, n], [0, 0, 1, 1], 0)
          if ops.prim.is_cuda(q):
            band = torch.contiguous(band)
          return band
        def each_of(self: __torch__.Program, x: Tensor, many: int) -> Tensor:
          return torch.transpose(torch.reshape(x, [x.size(0), many, torch.floordiv(x.size(1), many), x.size(2)]), 0, 1)
        def parts(self: __torch__.Program, x: Tensor, sizes: List[int]) -> List[Tensor]:
          out = annotate(List[Tensor], [x, x])
          if sizes[1] < x.size(1):
            out = torch.split_with_sizes(x, sizes, 1)
          return out
        def remember(self: __torch__.Program, pool: Tensor, x: Tensor, slot: int, past: int) -> Tensor:
          n = x.size(1)
          torch.copy_(torch.narrow(pool, 1, slot + past, n), x)
          return torch.narrow(pool, 1, slot, past + n)
        def rope(self: __torch__.Program, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
          h, n, d = x.size(0), x.size(1), x.size(2)
          turned = torch.reshape(torch.flip(torch.reshape(x, [h, n, 2, torch.floordiv(d, 2)]), [2]), [h, n, d])
          return torch.add(torch.mul(x, cos), torch.mul(turned, sin))
        def answer(self: __torch__.Program, q: Tensor, keys: Tensor, values: Tensor, window: int, runs: List[int], aside: List[Tensor]) -> List[Tensor]:
          out = annotate(List[Tensor], [])
          at = 0
          for i in range(torch.floordiv(len(runs), 4)):
            n, slot, apart, t = runs[4 * i], runs[4 * i + 1], runs[4 * i + 2], runs[4 * i + 3]
            mask = aside[2 * i + 3]
            if t > window:
              mask = torch.masked_fill(mask, torch.le(torch.arange(t, dtype=4), torch.sub(aside[2 * i + 2], window)), -inf)
            if $groups > 1:
              mask = torch.expand(mask, [n, 1, $groups, t])
            qn = q
            if n < q.size(1):
              qn = torch.narrow(q, 1, at, n)
            qs = torch.permute(torch.reshape(qn, [$kv, $groups, n, $hd]), [2, 0, 1, 3])
            ks = torch.as_strided(keys, [n, $kv, t, $hd], [apart * $hd, keys.size(1) * $hd, $hd, 1], slot * $hd)
            vs = torch.as_strided(values, [n, $kv, t, $vd], [apart * $vd, values.size(1) * $vd, $vd, 1], slot * $vd)
            c = $answered
            out.append(torch.reshape(c, [n, $heads * $vd]))
            at = at + n
          return out
        def attended(self: __torch__.Program, q: Tensor, k: Tensor, v: Tensor, layer: int, window: int, lens: List[int], c: Tuple[List[Tensor], List[Tensor], List[int], List[int], List[int], List[Tensor]]) -> Tensor:
          keys, values, slots, past, runs, aside = c
          out = annotate(List[Tensor], [])
          first = 0
          if len(aside) > 0:
            first = aside[1].size(0)
            ks, vs = k, v
            if first < len(lens):
              ks = torch.narrow(k, 1, 0, first)
              vs = torch.narrow(v, 1, 0, first)
            torch.index_copy_(keys[layer], 1, aside[1], ks)
            torch.index_copy_(values[layer], 1, aside[1], vs)
            out = self.answer(q, keys[layer], values[layer], window, runs, aside)
          if first < len(lens):
            sizes = annotate(List[int], [first])
            many = annotate(List[int], [1])
            for s in range(first, len(lens)):
              if s > first and len(keys) == 0 and lens[s] == lens[s - 1] and lens[s] <= window:
                sizes[-1] = sizes[-1] + lens[s]
                many[-1] = many[-1] + 1
              else:
                sizes.append(lens[s])
                many.append(1)
            qs, ks, vs = self.parts(q, sizes), self.parts(k, sizes), self.parts(v, sizes)
            for i in range(1, len(sizes)):
              kn, vn, before = ks[i], vs[i], 0
              if len(keys) > 0:
                s = first + i - 1
                before = past[s]
                kn = self.remember(keys[layer], kn, slots[s], before)
                vn = self.remember(values[layer], vn, slots[s], before)
              out.append(self.attend(qs[i], kn, vn, many[i], before, window))
          if len(out) > 1:
            joined = torch.cat(out, 0)
          else:
            joined = out[0]
          return joined
        def aside(self: __torch__.Program, slots: List[int], past: List[int], ones: int, runs: List[int]) -> List[Tensor]:
          out = annotate(List[Tensor], [])
          if ones > 0:
            last = torch.tensor(torch.slice(past, 0, ones, 1), dtype=4)
            out.append(last)
            out.append(torch.add(last, torch.tensor(torch.slice(slots, 0, ones, 1), dtype=4)))
            at = 0
            for i in range(torch.floordiv(len(runs), 4)):
              n, t = runs[4 * i], runs[4 * i + 3]
              l = torch.reshape(torch.narrow(last, 0, at, n), [n, 1, 1, 1])
              out.append(l)
              out.append(torch.masked_fill_(torch.zeros([n, 1, 1, t], dtype=6), torch.gt(torch.arange(t, dtype=4), l), -inf))
              at = at + n
          return out
        def table(self: __torch__.Program, t: Tensor, lens: List[int], past: List[int], aside: List[Tensor]) -> Tensor:
          rows = annotate(List[Tensor], [])
          first = 0
          if len(aside) > 0:
            first = aside[0].size(0)
            rows.append(torch.index_select(t, 0, aside[0]))
          for s in range(first, len(lens)):
            rows.append(torch.narrow(t, 0, past[s], lens[s]))
          if len(rows) > 1:
            joined = torch.cat(rows, 0)
          else:
            joined = rows[0]
          return joined
      """;

  /** Floats that a register of AVX-512 holds. */
  private static final int LANES = 16;

  private static final String SIGNATURE =
      """
        def attention(self: __torch__.Program, x: Tensor, layer: int, w0: int, p0: int, s0: int, window: int, cos: Tensor, sin: Tensor, lens: List[int], a: Tuple[List[int], List[Tensor], List[int], List[float]], c: Tuple[List[Tensor], List[Tensor], List[int], List[int], List[int], List[Tensor]], w: List[Tensor], m: List[Tensor]) -> Tensor:
      """;

  private static final String GROUPED =
      """
          n = x.size(0)
          q, k, v = self.adapt_three(self.three(x, $first, m), x, s0, a)
          q = $q
          k = $k
          v = $v
          q = $clipq
          k = $clipk
          v = $clipv
          q = torch.reshape(q, [n, $heads, $hd])
          k = torch.reshape(k, [n, $kv, $hd])
          q = $headq
          k = $headk
          q = self.rope(torch.transpose(q, 0, 1), cos, sin)
          k = self.rope(torch.transpose(k, 0, 1), cos, sin)
          v = torch.transpose(torch.reshape(v, [n, $kv, $hd]), 0, 1)
          o = self.attended(q, k, v, layer, window, lens, c)
          return $o
      """;

  /** The same in fewer operations, where the rows of the three matrices are one packed one's. */
  private static final String TOGETHER =
      """
          n = x.size(0)
          y = self.linear(x, $first, m)
          if len(a[1]) > 1 and (self.adds(s0, a) or self.adds(s0 + 1, a) or self.adds(s0 + 2, a)):
            q, k, v = torch.split_with_sizes(y, [$heads * $hd, $kv * $hd, $kv * $hd], 1)
            y = torch.cat([self.adapt(q, x, s0, a), self.adapt(k, x, s0 + 1, a), self.adapt(v, x, s0 + 2, a)], 1)
          y = $whole
          qk, v = torch.split_with_sizes(y, [($heads + $kv) * $hd, $kv * $hd], 1)
          qk = $normed
          qk = $clipqk
          v = $clipv
          qk = self.rope(torch.transpose(torch.reshape(qk, [n, $heads + $kv, $hd]), 0, 1), cos, sin)
          q, k = torch.split_with_sizes(qk, [$heads, $kv], 0)
          v = torch.transpose(torch.reshape(v, [n, $kv, $hd]), 0, 1)
          o = self.attended(q, k, v, layer, window, lens, c)
          return $o
      """;

  private static final String LATENT =
      """
          n = x.size(0)
          q = $q
          q = torch.transpose(torch.reshape(q, [n, $heads, $hd]), 0, 1)
          qn, qr = torch.split_with_sizes(q, [$nope, $rd], -1)
          kv, kr = torch.split_with_sizes($kva, [$rank, $rd], -1)
          kv = self.norm(torch.contiguous(kv), w[$kvnorm], 1e-06)
          kv = torch.transpose(torch.reshape($kvb, [n, $heads, $nope + $vd]), 0, 1)
          kn, v = torch.split_with_sizes(kv, [$nope, $vd], -1)
          kr = torch.unsqueeze(kr, 0)
          qr = self.rope($pairq, cos, sin)
          kr = torch.expand(self.rope($pairk, cos, sin), [$heads, n, $rd])
          q = torch.cat([qn, qr], -1)
          k = torch.cat([kn, kr], -1)
          o = self.attended(q, k, v, layer, window, lens, c)
          return $o
      """;

  String methods() {
    AttentionConfig a = config.attention();
    LatentConfig latent = a.latent();
    String body = latent != null ? latent(latent) : packed ? together(a) : grouped(a);
    int narrower = a.headDim() - a.valueHeadDim();
    String answered =
        narrower == 0
            ? "torch._scaled_dot_product_flash_attention_for_cpu(qs, ks, vs, 0., False, attn_mask=mask, scale=$scale)[0]"
            : "torch.scaled_dot_product_attention(qs, ks, vs, mask, 0., False, scale=$scale)";
    return (ATTEND + SIGNATURE + body)
        .replace("$answered", answered)
        .replace("$alone", alone(a))
        .replace("$widerq", wider("q", -narrower))
        .replace("$widerk", wider("k", -narrower))
        .replace("$widerv", wider("v", narrower))
        .replace("$narrowed", narrower > 0 ? "torch.narrow(c, 3, 0, $vd)" : "c")
        .replace("$heads", Integer.toString(a.numAttentionHeads()))
        .replace("$groups", Integer.toString(a.numAttentionHeads() / a.numKeyValueHeads()))
        .replace("$kv", Integer.toString(a.numKeyValueHeads()))
        .replace("$hd", Integer.toString(a.headDim()))
        .replace("$vd", Integer.toString(a.valueHeadDim()))
        .replace("$scale", Double.toString(a.scale()));
  }

  /**
   * What lies among others, as it would lie alone: where rows do not begin with a register, MKL's
   * products have other bits at another place (on a Zen 5).
   */
  private static String alone(AttentionConfig a) {
    boolean aligned = a.headDim() % LANES == 0 && a.valueHeadDim() % LANES == 0;
    return aligned ? "x" : "torch.clone(x, memory_format=0)";
  }

  /** Filled up with zeros. */
  private static String wider(String x, int by) {
    return by > 0 ? "torch.constant_pad_nd(" + x + ", [0, " + by + "])" : x;
  }

  private String grouped(AttentionConfig a) {
    boolean all = a.qkNorm() == QkNorm.ALL;
    boolean head = a.qkNorm() == QkNorm.HEAD;
    return GROUPED
        .replace("$clipq", clipped(a, normed(all, "q")))
        .replace("$clipk", clipped(a, normed(all, "k")))
        .replace("$clipv", clipped(a, "v"))
        .replace("$headq", normed(head, "q"))
        .replace("$headk", normed(head, "k"))
        .replace("$first", place("q_proj"))
        .replace("$q\n", biased("q_proj", "q") + "\n")
        .replace("$k\n", biased("k_proj", "k") + "\n")
        .replace("$v\n", biased("v_proj", "v") + "\n")
        .replace("$o\n", project("o_proj", "o") + "\n");
  }

  private String together(AttentionConfig a) {
    boolean all = a.qkNorm() == QkNorm.ALL;
    String y = a.inputBias() ? "torch.add(y, torch.cat([" + biases() + "], 0))" : "y";
    return TOGETHER
        .replace("$whole", all ? y : clipped(a, y))
        .replace("$normed", normedTogether(a))
        .replace("$clipqk", all ? clipped(a, "qk") : "qk")
        .replace("$clipv", all ? clipped(a, "v") : "v")
        .replace("$first", place("q_proj"))
        .replace("$o\n", project("o_proj", "o") + "\n");
  }

  private String biases() {
    return weight("q_proj.bias") + ", " + weight("k_proj.bias") + ", " + weight("v_proj.bias");
  }

  /** (n, q|k), or rows of it that are normed apart. */
  private String normedTogether(AttentionConfig a) {
    if (a.qkNorm() == QkNorm.NONE) {
      return "qk";
    }
    if (differ(a)) {
      return "torch.cat(["
          + norm("torch.contiguous(torch.narrow(qk, 1, 0, $heads * $hd))", weight("q_norm"))
          + ", "
          + norm("torch.contiguous(torch.narrow(qk, 1, $heads * $hd, $kv * $hd))", weight("k_norm"))
          + "], 1)";
    }
    int rows = normedRows(a, a.numAttentionHeads()) + normedRows(a, a.numKeyValueHeads());
    return norm(
        "torch.contiguous(torch.reshape(qk, [n, " + rows + ", -1]))",
        "m[" + Int8Source.CONSTANTS + " + layer]");
  }

  /** The lines that append to m, for each layer, the weights of the norms of q and k together. */
  String normsTogether() {
    AttentionConfig a = config.attention();
    StringBuilder lines = new StringBuilder();
    if (a.latent() == null && a.qkNorm() != QkNorm.NONE && !differ(a)) {
      for (int layer = 0; layer < config.numHiddenLayers(); layer++) {
        lines.append(
            String.format(
                Locale.ROOT,
                "    self.m.append(torch.cat([torch.expand(self.w[%d], [%d, -1]), "
                    + "torch.expand(self.w[%d], [%d, -1])], 0))\n",
                layout.vector(Layout.at(layer, "self_attn.q_norm")),
                normedRows(a, a.numAttentionHeads()),
                layout.vector(Layout.at(layer, "self_attn.k_norm")),
                normedRows(a, a.numKeyValueHeads())));
      }
    }
    return lines.toString();
  }

  /** Whether q and k are normed over different widths. */
  private static boolean differ(AttentionConfig a) {
    return a.qkNorm() == QkNorm.ALL && a.numAttentionHeads() != a.numKeyValueHeads();
  }

  /** Rows that a token's heads are normed as. */
  private static int normedRows(AttentionConfig a, int heads) {
    return a.qkNorm() == QkNorm.ALL ? 1 : heads;
  }

  private String norm(String x, String weight) {
    return "self.norm(" + x + ", " + weight + ", " + config.rmsNormEps() + ")";
  }

  private String weight(String module) {
    return "w[" + vector(module) + "]";
  }

  private String normed(boolean on, String x) {
    return on ? norm(x, weight(x + "_norm")) : x;
  }

  private static String clipped(AttentionConfig a, String x) {
    return Double.isFinite(a.clipQkv())
        ? "torch.clamp(" + x + ", -" + a.clipQkv() + ", " + a.clipQkv() + ")"
        : x;
  }

  /** DeepSeek's inner norms keep transformers' default epsilon whatever rms_norm_eps says. */
  private String latent(LatentConfig l) {
    String q =
        l.qLoraRank() == 0
            ? project("q_proj", "x")
            : project(
                "q_b_proj",
                "self.norm("
                    + project("q_a_proj", "x")
                    + ", w["
                    + vector("q_a_layernorm")
                    + "], 1e-06)");
    return LATENT
        .replace("$pairq", paired(l, "qr"))
        .replace("$pairk", paired(l, "kr"))
        .replace("$kvnorm", vector("kv_a_layernorm"))
        .replace("$kva", project("kv_a_proj_with_mqa", "x"))
        .replace("$kvb", project("kv_b_proj", "kv"))
        .replace("$q\n", q + "\n")
        .replace("$o\n", project("o_proj", "o") + "\n")
        .replace("$nope", Integer.toString(l.qkNopeHeadDim()))
        .replace("$rd", Integer.toString(l.qkRopeHeadDim()))
        .replace("$rank", Integer.toString(l.kvLoraRank()));
  }

  /** From pairs side by side to pairs half a head apart. */
  private static String paired(LatentConfig l, String x) {
    return l.ropeInterleave() ? "self.apart(" + x + ")" : x;
  }

  static final String APART =
      """
        def apart(self: __torch__.Program, x: Tensor) -> Tensor:
          h, n, d = x.size(0), x.size(1), x.size(2)
          return torch.reshape(torch.transpose(torch.reshape(x, [h, n, torch.floordiv(d, 2), 2]), 2, 3), [h, n, d])
      """;

  private String project(String module, String x) {
    String y = "self.linear(" + x + ", " + place(module) + ", m)";
    String site = "s0 + " + (layout.site(Layout.at(0, "self_attn." + module)) - firstSite());
    return biased(module, "self.adapt(" + y + ", " + x + ", " + site + ", a)");
  }

  /** A matrix of the layer. */
  private String place(String module) {
    return "p0 + " + (matrix.applyAsInt(Layout.at(0, "self_attn." + module) + ".weight") - first());
  }

  /** The product y with a matrix, and its bias. */
  private String biased(String module, String y) {
    return layout.hasVector(Layout.at(0, "self_attn." + module) + ".bias")
        ? "torch.add(" + y + ", w[" + vector(module + ".bias") + "])"
        : y;
  }

  private String vector(String module) {
    return "w0 + "
        + (layout.vector(Layout.at(0, "self_attn." + module))
            - layout.vector(Layout.at(0, "input_layernorm")));
  }

  private int first() {
    return matrix.applyAsInt(firstMatrix(config, 0) + ".weight");
  }

  private int firstSite() {
    return layout.site(firstMatrix(config, 0));
  }

  /** The attention matrix that comes first in a layer. */
  static String firstMatrix(MoeConfig config, int layer) {
    LatentConfig latent = config.attention().latent();
    return Layout.at(
        layer,
        latent != null && latent.qLoraRank() > 0 ? "self_attn.q_a_proj" : "self_attn.q_proj");
  }
}
