package dev.millrace.model.program;

/** One sparse layer on its own, and what it reads in a model. */
final class ExpertLayerSource {

  /** {@code w} holds the router, {@code m} the stacks of the experts that are here. */
  static final String METHODS =
      """
        def off(self: __torch__.Program, n: int) -> Tuple[List[int], List[Tensor], List[int], List[float]]:
          return (annotate(List[int], [n]), annotate(List[Tensor], []), annotate(List[int], [-1]), annotate(List[float], [0.]))
        def route(self: __torch__.Program, x: Tensor) -> List[Tensor]:
          return self.routed(x, 0, 0, torch.zeros([0, 1], dtype=6), self.off(x.size(0)), self.w)
        def choose(self: __torch__.Program, x: Tensor) -> List[Tensor]:
          p, weights, experts, kept = self.route(x)
          return annotate(List[Tensor], [experts, weights])
        def apply(self: __torch__.Program, x: Tensor, counts: List[int]) -> List[Tensor]:
          t = self.each_expert(x, counts, torch.unbind(self.m[0], 0), annotate(List[Tensor], []))
          g, u = torch.chunk(t, 2, -1)
          inner = torch.mul(torch.silu(g), u)
          return annotate(List[Tensor], [self.each_expert(inner, counts, torch.unbind(self.m[1], 0), annotate(List[Tensor], []))])
        def run(self: __torch__.Program, x: Tensor) -> List[Tensor]:
          return annotate(List[Tensor], [self.experts(x, 0, 0, self.route(x), self.off(x.size(0)), self.m)])
      """;

  private static final String INPUTS =
      """
        def layer_inputs(self: __torch__.Program, ids: Tensor, lens: List[int], layer: int) -> List[Tensor]:
          experts_at = $experts_at
          a = self.unadapted(lens)
          x = torch.to(torch.embedding(self.w[0], ids), 6)
          h = x
          for i in range(layer + 1):
            x, h, route = self.front(i, x, lens, self.fixed(), a, 6)
            if len(route) > 0:
              x = torch.add(x, self.sparse(h, experts_at[i], 0, route, a, self.m))
          return annotate(List[Tensor], [h])
      """;

  private ExpertLayerSource() {}

  /** What the feed-forward part of a layer reads, in a whole float program. */
  static String inputs(LayerSource layers) {
    return INPUTS.replace("$experts_at", layers.expertPlaces().toString());
  }
}
