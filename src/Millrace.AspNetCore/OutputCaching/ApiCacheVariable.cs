using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Millrace.Caching;

namespace Millrace.AspNetCore.OutputCaching;

/// <summary>The variable <c>ENABLE_API_CACHE</c>: false switches the output cache off. The section of the cache named <c>output</c> goes before it.</summary>
internal static class ApiCacheVariable
{
    private const string Name = "ENABLE_API_CACHE";

    /// <exception cref="OptionsValidationException">The variable is neither true nor false.</exception>
    public static bool Read(IConfiguration configuration, bool otherwise)
    {
        var value = (configuration[Name] ?? Environment.GetEnvironmentVariable(Name))?.Trim();
        return value?.ToUpperInvariant() switch
        {
            null or "" => otherwise,
            "TRUE" or "1" or "YES" or "ON" => true,
            "FALSE" or "0" or "NO" or "OFF" => false,
            _ => throw new OptionsValidationException(
                OutputCacheStore.CacheName, typeof(CacheOptions), [$"{Name} is '{value}'; it must be true or false. Leave it out for true."]),
        };
    }
}
