package dev.millrace.model.program;

import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.config.WeightNames;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/**
 * The layers of a program, one method each: all of a layer but its routed experts. {@code front_i}
 * gives the stream that their output is added to, their input, and their route (probabilities,
 * weights, experts, kept), which is empty where a layer is dense.
 */
record LayerSource(MoeConfig config, Layout layout, ToIntFunction<String> matrix) {

  private static final String FRONT =
      """
        def front_$layer(self: __torch__.Program, x: Tensor, cos: Tensor, sin: Tensor, lens: List[int], r: Tensor, a: Tuple[List[int], List[Tensor], List[int], List[float]], c: Tuple[List[Tensor], List[Tensor], List[int], List[int], List[int], List[Tensor]], w: List[Tensor], m: List[Tensor]) -> Tuple[Tensor, Tensor, List[Tensor]]:
          x = self.inject(x, $stream, a)
          h = $before
          x = torch.add(x, $attention)
          h = $after
      """;

  private static final String ROUTED =
      """
          x, h, route = self.front_$layer(x, cos, sin, lens, r, a, c, w, m)
          x = torch.add(x, self.sparse(h, $experts_at, $experts_site, route, a, m))
          balance = self.balanced(balance, route)
      """;

  private static final String CHOICES =
      """
          chosen.append(route[2])
          chosen.append(route[3])
      """;

  private static final String WATCHED =
      """
          chosen.append(x)
          chosen.append(route[0])
      """;

  String methods() {
    StringBuilder methods = new StringBuilder();
    for (int layer = 0; layer < config.numHiddenLayers(); layer++) {
      methods.append(front(layer));
    }
    return methods.toString();
  }

  /** The lines that run the layers one by one, and gather which experts each chose. */
  String calls() {
    return calls(CHOICES);
  }

  /**
   * The same, but that they gather the stream behind each layer and its router's probabilities; all
   * layers are sparse.
   */
  String watched() {
    return calls(WATCHED);
  }

  private String calls(String gathered) {
    StringBuilder lines = new StringBuilder();
    for (int layer = 0; layer < config.numHiddenLayers(); layer++) {
      if (sparse(layer)) {
        lines.append(
            (ROUTED + gathered)
                .replace("$layer", Integer.toString(layer))
                .replace("$experts_at", Integer.toString(experts(layer)))
                .replace("$experts_site", Integer.toString(expertSite(layer))));
      } else {
        line(lines, "x, h, route = self.front_" + layer + "(x, cos, sin, lens, r, a, c, w, m)");
      }
    }
    line(lines, "return (" + norm(1) + ", self.mean_balance(balance), chosen)");
    return lines.toString();
  }

  /** The lines that run the front of layer {@code i}. */
  String fronts() {
    StringBuilder lines = new StringBuilder();
    for (int layer = 0; layer < config.numHiddenLayers(); layer++) {
      line(lines, "if i == " + layer + ":");
      line(lines, "  x, h, route = self.front_" + layer + "(x, cos, sin, lens, r, a, c, w, m)");
    }
    return lines.toString();
  }

  /** Place of each layer's first matrix, and of the first behind the layers. */
  List<Integer> firstMatrices() {
    List<Integer> places = new ArrayList<>();
    for (int layer = 0; layer < config.numHiddenLayers(); layer++) {
      places.add(matrix.applyAsInt(AttentionSource.firstMatrix(config, layer) + ".weight"));
    }
    places.add(layout.matrices().size() - 1);
    return places;
  }

  /** Place of each layer's experts; 0 where a layer is dense. */
  List<Integer> expertPlaces() {
    return IntStream.range(0, config.numHiddenLayers())
        .mapToObj(layer -> sparse(layer) ? experts(layer) : 0)
        .toList();
  }

  private int stream(int layer) {
    return layout.site(Layout.at(layer, "hidden_states"));
  }

  /** Place of each layer's first site, and their number. */
  List<Integer> firstSites() {
    List<Integer> places = new ArrayList<>();
    for (int layer = 0; layer < config.numHiddenLayers(); layer++) {
      places.add(stream(layer));
    }
    places.add(layout.sites().size());
    return places;
  }

  private boolean sparse(int layer) {
    return config.layers().get(layer).sparse();
  }

  /** Place of a layer's gate_up_proj; its down_proj follows. */
  private int experts(int layer) {
    return matrix.applyAsInt(routed(layer) + ".experts.gate_up_proj");
  }

  /** Site of a layer's gate_up_proj; down_proj's follows. */
  private int expertSite(int layer) {
    return layout.site(Layout.at(layer, "mlp.experts.gate_up_proj"));
  }

  private String routed(int layer) {
    return Layout.at(layer, config.names().sparse());
  }

  private String front(int layer) {
    int norm = layout.vector(Layout.at(layer, "input_layernorm"));
    StringBuilder lines =
        new StringBuilder(
            FRONT
                .replace("$layer", Integer.toString(layer))
                .replace("$stream", Integer.toString(stream(layer)))
                .replace("$before", norm(norm))
                .replace("$attention", attention(layer, norm))
                .replace("$after", norm(norm + 1)));
    if (sparse(layer)) {
      sparse(lines, layer);
    } else {
      String places = places(Layout.at(layer, "mlp"), "gate_proj");
      line(lines, "x = torch.add(x, self.feed_forward(h, " + places + ", a, m))");
      line(lines, "route = annotate(List[Tensor], [])");
    }
    line(lines, "return (x, h, route)");
    return lines.toString();
  }

  private static void line(StringBuilder lines, String line) {
    lines.append("    ").append(line).append('\n');
  }

  private String norm(int vector) {
    return "self.norm(x, w[" + vector + "], " + config.rmsNormEps() + ")";
  }

  private String attention(int layer, int norm) {
    String first = AttentionSource.firstMatrix(config, layer);
    return String.format(
        Locale.ROOT,
        "self.attention(h, %d, %d, %d, %d, %d, cos, sin, lens, a, c, w, m)",
        layer,
        norm,
        matrix.applyAsInt(first + ".weight"),
        layout.site(first),
        config.layers().get(layer).slidingWindow());
  }

  private void sparse(StringBuilder lines, int layer) {
    WeightNames names = config.names();
    int router = layout.vector(routed(layer) + ".gate");
    int site = config.router().adaptable() ? layout.site(Layout.at(layer, Layout.ROUTER)) : 0;
    line(lines, "route = self.routed(h, " + router + ", " + site + ", r, a, w)");
    if (config.experts().sharedIntermediateSize() > 0) {
      String shared = routed(layer) + "." + names.shared();
      int gate = config.experts().sharedGate() ? layout.vector(shared + "_gate") : 0;
      String call = "self.shared(h, " + gate + ", " + places(shared, names.gate());
      line(lines, "x = torch.add(x, " + call + ", a, w, m))");
    }
  }

  /** Matrix and adapter site at which a feed-forward part begins. */
  private String places(String module, String gate) {
    return matrix.applyAsInt(module + ".gate_up_proj.weight")
        + ", "
        + layout.site(module + "." + gate);
  }
}
