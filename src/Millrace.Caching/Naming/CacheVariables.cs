using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Millrace.Caching.Naming;

// The environment variables that set options. They go before what code says; the configuration section of a cache goes before them.
//
//   CACHE_DEFAULT_TTL              seconds, or hh:mm:ss        DefaultPolicy.Expiration of the default cache
//   CACHE_KEY_PREFIX               a word, such as shop        KeyPrefix: shop: for the default cache, shop.NAME: for a named one
//   CACHE_COMPRESSION_THRESHOLD    bytes                       CompressionThresholdBytes of every cache
//   CACHE_ENABLE_COMPRESSION       true or false               Compression of every cache
//   CACHE_ENABLE_VERSIONING        true or false               SchemaVersioning of every cache
//   ENABLE_BACKGROUND_WARMING      true or false               false: Enabled of every warmer
//
// They are read where the application's configuration has them, else from the environment itself. An empty one counts as not set.
internal static class CacheVariables
{
    public const string DefaultTtl = "CACHE_DEFAULT_TTL";
    public const string KeyPrefix = "CACHE_KEY_PREFIX";
    public const string CompressionThreshold = "CACHE_COMPRESSION_THRESHOLD";
    public const string EnableCompression = "CACHE_ENABLE_COMPRESSION";
    public const string EnableVersioning = "CACHE_ENABLE_VERSIONING";
    public const string EnableWarming = "ENABLE_BACKGROUND_WARMING";

    private const int LongestPrefix = 63;
    private const int LargestThreshold = 1 << 30;

    /// <summary>Sets what the variables say.</summary>
    /// <returns>What is wrong with them; each names the variable, its value, and what is allowed.</returns>
    public static List<string> Apply(IConfiguration? configuration, string cacheName, CacheOptions options)
    {
        List<string> failures = [];
        var isDefault = string.Equals(cacheName, Cache.DefaultName, StringComparison.OrdinalIgnoreCase);
        if (isDefault && Read(configuration, DefaultTtl) is { } ttl)
        {
            if (Span(ttl) is { } span)
            {
                options.DefaultPolicy = (options.DefaultPolicy ?? new CachePolicy()) with { Expiration = span };
            }
            else
            {
                failures.Add($"{DefaultTtl} is '{ttl}'; it must be whole seconds greater than zero, such as 300, or a time such as 00:05:00. Leave it out for five minutes.");
            }
        }

        if (Read(configuration, KeyPrefix) is { } prefix)
        {
            var word = prefix.TrimEnd(':');
            if (word.Length is 0 or > LongestPrefix || !word.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or ':'))
            {
                failures.Add(
                    $"{KeyPrefix} is '{prefix}'; it must have 1 to {LongestPrefix} letters, digits, '-', '_', '.' and ':', such as shop. Leave it out for cache.");
            }
            else
            {
                options.KeyPrefix = isDefault ? $"{word}:" : $"{word}.{cacheName.ToLowerInvariant()}:";
            }
        }

        if (Read(configuration, CompressionThreshold) is { } threshold)
        {
            if (int.TryParse(threshold, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) && bytes <= LargestThreshold)
            {
                options.CompressionThresholdBytes = bytes;
            }
            else
            {
                failures.Add($"{CompressionThreshold} is '{threshold}'; it must be whole bytes from 0 to {LargestThreshold}, such as 1024. Leave it out for 1024.");
            }
        }

        options.Compression = Flag(configuration, EnableCompression, options.Compression, failures);
        options.SchemaVersioning = Flag(configuration, EnableVersioning, options.SchemaVersioning, failures);
        return failures;
    }

    /// <summary>Whether warmers run by themselves, unless a plan says otherwise.</summary>
    /// <param name="configuration">The application's configuration; null: the environment alone is asked.</param>
    /// <param name="failures">Gets what is wrong with the variable.</param>
    public static bool AllowWarming(IConfiguration? configuration, List<string> failures) => Flag(configuration, EnableWarming, otherwise: true, failures);

    private static bool Flag(IConfiguration? configuration, string variable, bool otherwise, List<string> failures)
    {
        var value = Read(configuration, variable);
        switch (value?.ToUpperInvariant())
        {
            case null:
                return otherwise;
            case "TRUE" or "1" or "YES" or "ON":
                return true;
            case "FALSE" or "0" or "NO" or "OFF":
                return false;
            default:
                failures.Add($"{variable} is '{value}'; it must be true or false. Leave it out for true.");
                return otherwise;
        }
    }

    private static TimeSpan? Span(string text)
    {
        var span = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(seconds)
            : text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) ? time : TimeSpan.Zero;
        return span > TimeSpan.Zero ? span : null;
    }

    private static string? Read(IConfiguration? configuration, string variable) =>
        (configuration?[variable] ?? Environment.GetEnvironmentVariable(variable))?.Trim() is { Length: > 0 } value ? value : null;
}
