package dev.millrace.model.adapter;

import java.util.List;
import java.util.SortedMap;

/** A kind of adapter: how one begins, and how it is kept. */
public interface AdapterKind {

  /** Name in the configuration and in kept state. */
  String name();

  /** What {@code peft_type} says in its adapter_config.json. */
  String peftType();

  /** Whether it can add at such a place. */
  boolean addsTo(Site.Place place);

  /**
   * An adapter that adds nothing yet; the same seed gives the same bytes.
   *
   * @throws IllegalArgumentException if the base has no site for what is asked
   */
  AdapterWeights initial(AdapterPlan plan, List<Site> sites, long seed);

  /**
   * An adapter again from its {@link AdapterWeights#settings} and {@link AdapterWeights#factors}.
   *
   * @throws InvalidAdapterException if they are not those of this kind
   */
  AdapterWeights restore(SortedMap<String, String> settings, List<Factor> factors);

  /**
   * An adapter from the two files of its folder.
   *
   * @param sites of the base
   * @throws InvalidAdapterException if they are broken, do not fit the base or want what is not
   *     supported
   */
  AdapterWeights parse(byte[] config, byte[] weights, List<Site> sites);

  /**
   * The files of its folder, by name; the same adapter gives the same bytes.
   *
   * @param baseName what {@code base_model_name_or_path} says; empty for null, with which PEFT
   *     takes the path of the base that it is loaded on
   */
  SortedMap<String, byte[]> toFiles(AdapterWeights adapter, String baseName);
}
