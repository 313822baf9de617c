using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Millrace.AspNetCore;

/// <summary>What <c>MapMillrace</c> maps, where, and who may use it. Bound from the configuration section <c>Millrace</c> and validated at start.</summary>
/// <remarks>
/// Closed by default: with no policy set, the management API and the dashboard answer loopback callers in the
/// Development environment and nobody anywhere else.
/// </remarks>
public sealed class MillraceOptions
{
    /// <summary>The configuration section these options are bound from: <c>Millrace</c>.</summary>
    public const string SectionName = "Millrace";

    /// <summary>Path of the management API. Default <c>/api</c>: <c>/api/cache/stats</c>, <c>/api/jobs</c> and so on.</summary>
    public string ManagementPath { get; set; } = "/api";

    /// <summary>Path of the dashboard page. Default <c>/millrace</c>.</summary>
    public string DashboardPath { get; set; } = "/millrace";

    /// <summary>Path of the real-time hub. Default <c>/millrace/hub</c>.</summary>
    public string HubPath { get; set; } = "/millrace/hub";

    /// <summary>Path below which <c>live</c> and <c>ready</c> are mapped. Default <c>/health</c>.</summary>
    public string HealthPath { get; set; } = "/health";

    /// <summary>Whether <c>MapMillrace</c> maps the management API. Default true.</summary>
    public bool MapManagement { get; set; } = true;

    /// <summary>Whether <c>MapMillrace</c> maps the dashboard; it draws from the management API, so it needs that too. Default true.</summary>
    public bool MapDashboard { get; set; } = true;

    /// <summary>Whether <c>MapMillrace</c> maps the real-time hub. Default true.</summary>
    public bool MapHub { get; set; } = true;

    /// <summary>Whether <c>MapMillrace</c> maps the health endpoints. Default true.</summary>
    public bool MapHealth { get; set; } = true;

    /// <summary>
    /// Name of the ASP.NET Core authorization policy for looking: the dashboard and every read of the management API.
    /// Null (default): <see cref="OperatePolicy"/> if that is set, else loopback callers in Development and nobody elsewhere.
    /// </summary>
    public string? ReadPolicy { get; set; }

    /// <summary>
    /// Name of the ASP.NET Core authorization policy for operating: invalidate, warm, cancel, retry, pause and so on.
    /// Null (default): loopback callers in Development (when <see cref="ReadPolicy"/> is null too) and nobody elsewhere.
    /// </summary>
    public string? OperatePolicy { get; set; }

    /// <summary>Budget of the cache named <c>output</c>, which holds output-cached pages, in bytes. Default 64 MiB; at least 1 MiB.</summary>
    public long OutputCacheSizeBytes { get; set; } = 64L * 1024 * 1024;

    /// <summary>
    /// Largest page the output cache keeps, in bytes; a larger one is served and not kept. Default 4 MiB; at most
    /// a quarter of <see cref="OutputCacheSizeBytes"/>.
    /// </summary>
    public int OutputCacheMaximumBodyBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>Whether responses that went through the output cache carry <c>X-Cache: hit</c> or <c>miss</c>. Null (default): in Development only.</summary>
    public bool? CacheHeader { get; set; }

    /// <summary>How often the history behind the dashboard's charts is sampled. Default 5 s; from 1 s to 5 min.</summary>
    public TimeSpan HistoryInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How far the history reaches back. Default 1 h; at most 10,000 samples, the oldest are overwritten.</summary>
    public TimeSpan HistoryLength { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How often a live stream sends the current state. Default 2 s; from 250 ms to 1 min.</summary>
    public TimeSpan LiveInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Live streams open at once; one more is refused with 503 and <c>Retry-After</c>. Default 64; from 1 to 10,000.</summary>
    public int MaximumLiveStreams { get; set; } = 64;

    /// <summary>Largest request body the management API reads, in bytes; a larger one is refused with 413. Default 64 KiB; from 1 KiB to 1 MiB.</summary>
    public int MaximumRequestBodyBytes { get; set; } = 64 * 1024;

    /// <summary>How long one read of the job store or one health check may take before the answer says so. Default 5 s; from 100 ms to 1 min.</summary>
    public TimeSpan QueryTimeout { get; set; } = TimeSpan.FromSeconds(5);

    internal string? EffectiveReadPolicy => ReadPolicy ?? OperatePolicy;

    internal bool IsOpenedByPolicy => EffectiveReadPolicy is not null;

    private static readonly SearchValues<char> NotInPaths = SearchValues.Create("{}*?#\\% \"<>&");

    internal static bool IsPath(string? path) =>
        path is { Length: > 1 and <= 128 } && path[0] == '/' && path[^1] != '/'
        && !path.AsSpan().ContainsAny(NotInPaths) && !path.Contains("//", StringComparison.Ordinal)
        && new PathString(path).HasValue;
}
