package dev.millrace.model.program;

/** What a student that is cut out of a model has to know of it, in a whole float program. */
final class PruningSource {

  /**
   * {@code stays} holds the experts of each layer that stay: (layers, experts). The result: Gram
   * matrices of the normalised stream before attention and before the experts of each layer, and at
   * the end; and, summed over tokens, the weight that experts have in each layer, and would have if
   * those that stay were all.
   */
  private static final String STREAM =
      """
        def gram(self: __torch__.Program, x: Tensor) -> Tensor:
          y = self.unit(x)
          return torch.matmul(torch.transpose(y, 0, 1), y)
        def taken_by(self: __torch__.Program, p: Tensor, stays: Tensor) -> Tensor:
          q = torch.index_select(p, 1, stays)
          q = torch.div(q, torch.sum(q, [-1], True))
          top, which = torch.topk(q, $k, -1)
          return torch.sum(top)
        def stream(self: __torch__.Program, ids: Tensor, lens: List[int], stays: Tensor) -> List[Tensor]:
          experts_at = $experts_at
          a = self.unadapted(lens)
          grams = annotate(List[Tensor], [])
          taken = annotate(List[Tensor], [])
          x = torch.to(torch.embedding(self.w[0], ids), 6)
          for i in range($layers):
            grams.append(self.gram(x))
            x, h, route = self.front(i, x, lens, self.fixed(), a, 6)
            grams.append(self.gram(x))
            if len(route) > 0:
              taken.append(torch.sum(route[1]))
              taken.append(self.taken_by(route[0], torch.select(stays, 0, i)))
              x = torch.add(x, self.sparse(h, experts_at[i], 0, route, a, self.m))
          grams.append(self.gram(x))
          return annotate(List[Tensor], [torch.stack(grams, 0), torch.stack(taken, 0)])
      """;

  /**
   * What a student is to follow: the stream behind each layer along some directions, (layers,
   * tokens, directions), and what the routers would say if the experts that stay were all, (layers,
   * tokens, experts).
   */
  private static final String FOLLOWED =
      """
        def followed(self: __torch__.Program, ids: Tensor, lens: Tensor, along: Tensor, stays: Tensor) -> List[Tensor]:
          experts_at = $experts_at
          sizes = self.lengths(lens)
          a = self.unadapted(sizes)
          streams = annotate(List[Tensor], [])
          routers = annotate(List[Tensor], [])
          x = torch.to(torch.embedding(self.w[0], ids), 6)
          for i in range($layers):
            x, h, route = self.front(i, x, sizes, self.fixed(), a, 6)
            x = torch.add(x, self.sparse(h, experts_at[i], 0, route, a, self.m))
            streams.append(torch.linear(x, along))
            q = torch.index_select(route[0], 1, torch.select(stays, 0, i))
            routers.append(torch.div(q, torch.sum(q, [-1], True)))
          return annotate(List[Tensor], [torch.stack(streams, 0), torch.stack(routers, 0)])
      """;

  /**
   * The stream layer by layer, and sums over tokens for least squares: of a student's features with
   * themselves, and of what they are to give with them. While {@code attention_sums} runs, o_proj
   * is the identity. {@code features} are all that all experts have inside, times the token's
   * weight of the expert: (tokens, experts · intermediate_size).
   */
  private static final String LAYERS =
      """
        def unit(self: __torch__.Program, x: Tensor) -> Tensor:
          v = torch.mean(torch.mul(x, x), [-1], True)
          return torch.mul(x, torch.rsqrt(torch.add(v, 1e-30)))
        def sums(self: __torch__.Program, f: Tensor, y: Tensor) -> List[Tensor]:
          return annotate(List[Tensor], [torch.matmul(torch.transpose(f, 0, 1), f), torch.matmul(torch.transpose(y, 0, 1), f)])
        def front_alone(self: __torch__.Program, x: Tensor, lens: List[int], i: int) -> Tuple[Tensor, Tensor, List[Tensor]]:
          return self.front(i, x, lens, self.fixed(), self.unadapted(lens), 6)
        def features(self: __torch__.Program, h: Tensor, route: List[Tensor], i: int) -> Tensor:
          experts_at = $experts_at
          n = h.size(0)
          share = torch.scatter(torch.zeros([n, $experts], dtype=6), 1, route[2], route[1])
          gate_up = torch.reshape(self.taken(experts_at[i], self.m), [$experts * 2 * $i, $d])
          t = torch.reshape(torch.linear(h, gate_up), [n, $experts, 2 * $i])
          g, u = torch.chunk(t, 2, -1)
          y = torch.mul(torch.mul(torch.silu(g), u), torch.unsqueeze(share, -1))
          return torch.reshape(y, [n, $experts * $i])
        def embedded_alone(self: __torch__.Program, ids: Tensor) -> List[Tensor]:
          return annotate(List[Tensor], [torch.to(torch.embedding(self.w[0], ids), 6)])
        def after_attention(self: __torch__.Program, x: Tensor, lens: List[int], i: int) -> List[Tensor]:
          x, h, route = self.front_alone(x, lens, i)
          return annotate(List[Tensor], [x])
        def after_experts(self: __torch__.Program, x: Tensor, lens: List[int], i: int) -> List[Tensor]:
          experts_at = $experts_at
          x, h, route = self.front_alone(x, lens, i)
          return annotate(List[Tensor], [torch.add(x, self.sparse(h, experts_at[i], 0, route, self.unadapted(lens), self.m))])
        def neuron_squares(self: __torch__.Program, x: Tensor, lens: List[int], i: int) -> List[Tensor]:
          x, h, route = self.front_alone(x, lens, i)
          f = self.features(h, route, i)
          return annotate(List[Tensor], [torch.sum(torch.mul(f, f), [0], False)])
        def reading_sums(self: __torch__.Program, s: Tensor, x: Tensor) -> List[Tensor]:
          return self.sums(self.unit(s), self.unit(x))
        def attention_sums(self: __torch__.Program, s: Tensor, to: Tensor, along: Tensor, lens: List[int], i: int) -> List[Tensor]:
          x, h, route = self.front_alone(s, lens, i)
          return self.sums(torch.sub(x, s), torch.sub(torch.linear(to, along), s))
        def expert_sums(self: __torch__.Program, s: Tensor, to: Tensor, along: Tensor, lens: List[int], i: int) -> List[Tensor]:
          x, h, route = self.front_alone(s, lens, i)
          return self.sums(self.features(h, route, i), torch.sub(torch.linear(to, along), x))
      """;

  private PruningSource() {}

  /** The methods of a model whose layers are all sparse. */
  static String methods(LayerSource layers) {
    return (STREAM + FOLLOWED + LAYERS).replace("$experts_at", layers.expertPlaces().toString());
  }
}
