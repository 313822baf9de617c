using System.Text.Json;

namespace Millrace.Caching;

/// <summary>
/// What one cache may use and how it treats values. Bound from the section <c>Millrace:Cache</c> (a named cache: <c>Millrace:Cache:Caches:NAME</c>),
/// which has the last word over code; checked when the host starts.
/// </summary>
public sealed class CacheOptions
{
    private readonly Dictionary<Type, Delegate?> _immutable = [];
    private readonly Dictionary<Type, (Delegate Clone, Delegate? Weigh)> _cloned = [];

    /// <summary>
    /// Whether the cache keeps anything. False: every read runs its own source, and writes are forgotten; to compare an application with and
    /// without its cache, or to take a suspect out of the picture. Default true.
    /// </summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// What the keys in Redis begin with. Null, the default: <c>cache:</c> for the default cache, <c>cache.NAME:</c> for a named one. At most 128
    /// characters, without braces, white space and control characters; caches that share a server must differ in it, and none may begin with another.
    /// </summary>
    public string? KeyPrefix { get; set; }

    /// <summary>The bytes that all entries together may weigh, keys and overhead included. From 64 KiB to 1 TiB; default 64 MiB.</summary>
    public long SizeLimitBytes { get; set; } = 64L * 1024 * 1024;

    /// <summary>The number of entries. From 1 to 100 million; default 100,000.</summary>
    public int EntryLimit { get; set; } = 100_000;

    /// <summary>The policy of calls that name none. Default: five minutes. Its name is <c>default</c>, so <c>Policies:default</c> overrides it.</summary>
    public CachePolicy DefaultPolicy { get; set; } = new("default", TimeSpan.FromMinutes(5));

    /// <summary>Overrides of named policies, by name. Empty by default.</summary>
    public IDictionary<string, CachePolicySettings> Policies { get; } = new Dictionary<string, CachePolicySettings>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The characters that a key may have; a longer one is refused with an <see cref="ArgumentException"/>. From 16 to 65,536; default 1,024.</summary>
    public int MaximumKeyLength { get; set; } = 1024;

    /// <summary>
    /// The bytes that one value may weigh; a heavier one reaches its callers, is not stored, and counts in <see cref="CacheStatistics.Rejections"/>.
    /// From 1 KiB to 1 GiB; default 1 MiB. An entry never takes more than a quarter of <see cref="SizeLimitBytes"/> either.
    /// </summary>
    public int MaximumPayloadBytes { get; set; } = 1024 * 1024;

    /// <summary>The tags that one entry may carry. From 0 to 1,024; default 32.</summary>
    public int MaximumTags { get; set; } = 32;

    /// <summary>The characters that a tag may have. From 16 to 65,536; default 256.</summary>
    public int MaximumTagLength { get; set; } = 256;

    /// <summary>
    /// The invalidated tags that the cache remembers. From 16 to 10 million; default 16,384. At the limit the older half is forgotten, and every
    /// tagged entry that was read from its source before the youngest of them counts as invalidated: more misses, never a stale value.
    /// </summary>
    public int InvalidatedTagLimit { get; set; } = 16_384;

    /// <summary>The key patterns that statistics tell apart; the rest is counted as <c>other</c>. From 1 to 10,000; default 100.</summary>
    public int KeyPatternLimit { get; set; } = 100;

    /// <summary>How many values are refreshed in the background at once (<see cref="CachePolicy.RefreshAhead"/>). From 1 to 1,024; default 8.</summary>
    public int RefreshConcurrency { get; set; } = 8;

    /// <summary>
    /// How many refreshes may wait for their turn; one more is skipped, counted in <see cref="CacheStatistics.RefreshesSkipped"/>, and tried again by a
    /// read a second later. From 0 to 1 million; default 1,024.
    /// </summary>
    public int RefreshQueueLimit { get; set; } = 1024;

    /// <summary>
    /// How values that are not shared are written and read where no <c>IHybridCacheSerializer&lt;T&gt;</c> is registered.
    /// Default: the defaults of System.Text.Json, with fields included so that tuples survive. Set a source-generated resolver here.
    /// </summary>
    public JsonSerializerOptions SerializerOptions { get; set; } = new() { IncludeFields = true };

    /// <summary>Whether payloads are compressed (Brotli, fast) in the second level, where that saves a tenth at least. Default true.</summary>
    public bool Compression { get; set; } = true;

    /// <summary>The payload length from which it is compressed, in bytes. From 0 to 1 GiB; default 1 KiB.</summary>
    public int CompressionThresholdBytes { get; set; } = 1024;

    /// <summary>
    /// Whether an entry in the second level carries a fingerprint of its type's shape, so that a deployment that changes the type never reads what
    /// an earlier one wrote. Default true.
    /// </summary>
    public bool SchemaVersioning { get; set; } = true;

    /// <summary>How the cache uses Redis, where it does (<see cref="CacheRedisExtensions.UseRedis(CacheBuilder)"/>).</summary>
    public RedisCacheOptions Redis { get; } = new();

    internal IReadOnlyDictionary<Type, Delegate?> ImmutableTypes => _immutable;

    internal IReadOnlyDictionary<Type, (Delegate Clone, Delegate? Weigh)> ClonedTypes => _cloned;

    /// <summary>
    /// Declares that values of exactly type <typeparamref name="T"/> are never changed once they are in the cache: all readers share one object,
    /// and hits neither copy nor allocate. Their weight is estimated by the length of their JSON.
    /// </summary>
    /// <returns>These options, for the next call.</returns>
    public CacheOptions Immutable<T>()
    {
        _immutable[typeof(T)] = null;
        return this;
    }

    /// <summary>As <see cref="Immutable{T}()"/>, with a weight in bytes of your own; for values that are costly or impossible to serialize.</summary>
    /// <param name="weigh">Tells what a value weighs, in bytes; called once per stored value. A negative result counts as zero.</param>
    /// <returns>These options, for the next call.</returns>
    public CacheOptions Immutable<T>(Func<T, long> weigh)
    {
        ArgumentNullException.ThrowIfNull(weigh);
        _immutable[typeof(T)] = weigh;
        return this;
    }

    /// <summary>
    /// Declares how values of exactly type <typeparamref name="T"/> are copied: the cache keeps a copy of its own and gives each reader another, which is
    /// quicker than writing and reading it. Their weight is estimated by the length of their JSON. <see cref="Immutable{T}()"/> goes before.
    /// </summary>
    /// <param name="clone">
    /// Copies a value so deep that what anybody does to the copy cannot be seen in the original. Called by several threads at once, on an object that
    /// nobody changes; what it throws reaches whoever stores or reads. It is never given null.
    /// </param>
    /// <returns>These options, for the next call.</returns>
    public CacheOptions Clone<T>(Func<T, T> clone)
    {
        ArgumentNullException.ThrowIfNull(clone);
        _cloned[typeof(T)] = (clone, null);
        return this;
    }

    /// <summary>As <see cref="Clone{T}(Func{T, T})"/>, with a weight in bytes of your own.</summary>
    /// <param name="clone">Copies a value deeply.</param>
    /// <param name="weigh">Tells what a value weighs, in bytes; called once per stored value. A negative result counts as zero.</param>
    /// <returns>These options, for the next call.</returns>
    public CacheOptions Clone<T>(Func<T, T> clone, Func<T, long> weigh)
    {
        ArgumentNullException.ThrowIfNull(clone);
        ArgumentNullException.ThrowIfNull(weigh);
        _cloned[typeof(T)] = (clone, weigh);
        return this;
    }
}
