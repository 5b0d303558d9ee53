/** The stream records: what travels between operators and over topics. */
@NullMarked
package dev.millrace.schema;

import org.jspecify.annotations.NullMarked;
