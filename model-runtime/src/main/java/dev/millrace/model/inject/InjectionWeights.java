package dev.millrace.model.inject;

import dev.millrace.model.adapter.AdapterKind;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Delta;
import dev.millrace.model.adapter.Factor;
import dev.millrace.model.adapter.Site;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;

/**
 * A domain's vector and its projections, as plain arrays.
 *
 * @param alpha scales what is added by alpha/rank
 * @param sites where it is added
 * @param vector (rank)
 * @param projections one a site: (hidden, rank), row-major
 */
public record InjectionWeights(
    double alpha, List<Site> sites, float[] vector, List<float[]> projections)
    implements AdapterWeights {

  public InjectionWeights {
    if (vector.length == 0 || sites.isEmpty() || sites.size() != projections.size()) {
      throw new IllegalArgumentException(
          "vector of %d, %d sites and %d projections, expected one a site, none of them empty"
              .formatted(vector.length, sites.size(), projections.size()));
    }
    for (int i = 0; i < sites.size(); i++) {
      long expected = (long) sites.get(i).out() * vector.length;
      if (sites.get(i).place() != Site.Place.STREAM || projections.get(i).length != expected) {
        throw new IllegalArgumentException(
            "projection at %s has %d values, expected %d at a hidden state"
                .formatted(sites.get(i).name(), projections.get(i).length, expected));
      }
    }
  }

  int rank() {
    return vector.length;
  }

  @Override
  public AdapterKind kind() {
    return DomainInjection.KIND;
  }

  @Override
  public SortedMap<String, String> settings() {
    return DomainInjection.settings(this);
  }

  @Override
  public List<Factor> factors() {
    List<Factor> factors = new ArrayList<>();
    factors.add(new Factor("domain_vector", rank(), vector));
    for (int i = 0; i < sites.size(); i++) {
      factors.add(new Factor(projection(sites.get(i)), rank(), projections.get(i)));
    }
    return List.copyOf(factors);
  }

  static String projection(Site site) {
    return site.name() + ".projection";
  }

  @Override
  public InjectionWeights with(List<float[]> values) {
    return new InjectionWeights(
        alpha, sites, values.get(0), List.copyOf(values.subList(1, values.size())));
  }

  @Override
  public List<Delta> deltas() {
    List<Delta> deltas = new ArrayList<>();
    for (int i = 0; i < sites.size(); i++) {
      deltas.add(new Delta(sites.get(i), rank(), vector, scaled(projections.get(i))));
    }
    return List.copyOf(deltas);
  }

  /** The vector's gradient is the sum over all sites: it is the same vector everywhere. */
  @Override
  public List<float[]> gradients(List<Delta> byDelta) {
    float[] ofVector = new float[rank()];
    List<float[]> gradients = new ArrayList<>(List.of(ofVector));
    for (Delta delta : byDelta) {
      for (int i = 0; i < ofVector.length; i++) {
        ofVector[i] += delta.a()[i];
      }
      gradients.add(scaled(delta.b()));
    }
    return gradients;
  }

  private float[] scaled(float[] values) {
    float[] scaled = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      scaled[i] = (float) (alpha / rank() * values[i]);
    }
    return scaled;
  }
}
