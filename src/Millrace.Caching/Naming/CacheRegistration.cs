using Microsoft.Extensions.Options;

namespace Millrace.Caching.Naming;

/// <summary>A registered cache: its name, and where its options come from.</summary>
internal sealed record CacheRegistration(string Name)
{
    private const int MaximumNameLength = 64;

    public static string OptionsName(string name) => IsDefault(name) ? Options.DefaultName : name.ToLowerInvariant();

    public static string SectionName(string name) => IsDefault(name) ? "Millrace:Cache" : $"Millrace:Cache:Caches:{name}";

    /// <summary>What the keys of a cache in Redis begin with.</summary>
    public static string KeyPrefix(string name, CacheOptions options) => options.KeyPrefix ?? (IsDefault(name) ? "cache:" : $"cache.{name.ToLowerInvariant()}:");

    public static void CheckName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length is 0 or > MaximumNameLength || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            throw new ArgumentException(
                $"'{name}' is no name for a cache: use 1 to {MaximumNameLength} letters, digits, '-', '_' and '.'.", nameof(name));
        }
    }

    private static bool IsDefault(string name) => string.Equals(name, Cache.DefaultName, StringComparison.OrdinalIgnoreCase);
}
