package dev.millrace.adapter.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.model.base.Products;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AdjusterTest {
  private final Adjuster adjuster = new Adjuster(TrainPrecision.ADAPTIVE);

  @Test
  void products_calmNorms_becomeBf16() {
    saw(1, 1.1);
    assertEquals(Products.BF16, adjuster.products());
    assertEquals(
        List.of(new StepLog.Switch(2, Products.BF16, 1.1)), adjuster.log(List.of()).switches());
  }

  @Test
  void products_normThatRisesFarAboveTheMean_isFollowedByFp32() {
    saw(1, 1, 1, 2.5);
    assertEquals(Products.FP32, adjuster.products());
    assertEquals(2, adjuster.log(List.of()).fp32Steps());
    assertEquals(2, adjuster.log(List.of()).bf16Steps());
  }

  @Test
  void products_normBetweenTheThresholds_changesNothing() {
    saw(1, 1, 1, 1.6);
    assertEquals(Products.BF16, adjuster.products());
    Adjuster other = new Adjuster(TrainPrecision.ADAPTIVE);
    List.of(1.0, 1.6, 1.0, 1.9).forEach(other::saw);
    assertEquals(Products.FP32, other.products());
  }

  @Test
  void products_fixedPrecision_neverChange() {
    for (TrainPrecision precision : List.of(TrainPrecision.FP32, TrainPrecision.BF16)) {
      Adjuster fixed = new Adjuster(precision);
      List.of(1.0, 1.0, 1.0, 9.0, 1.0).forEach(fixed::saw);
      assertEquals(precision.name(), fixed.products().name());
      assertEquals(List.of(), fixed.log(List.of()).switches());
    }
  }

  @Test
  void products_bf16DoesNotPay_areFp32HoweverCalmAndTheLogSaysWhy() {
    Adjuster adjuster = new Adjuster(TrainPrecision.ADAPTIVE_FP32);
    List.of(1.0, 1.0, 1.0, 1.0).forEach(adjuster::saw);
    assertEquals(Products.FP32, adjuster.products());
    assertEquals(
        Map.of("fp32Steps", 4.0, "bf16Steps", 0.0, "bf16Pays", 0.0),
        adjuster.log(List.of()).figures());
  }

  private void saw(double... norms) {
    for (double norm : norms) {
      adjuster.saw(norm);
    }
  }
}
