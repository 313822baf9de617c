using System.Collections.Concurrent;
using System.ComponentModel;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Caching.Statistics;

namespace Millrace.Caching.Values;

// Which values of a cache are shared between readers, and how the others are written.
//
// Shared are values that nobody can change: strings, structs without references (a reader gets a copy anyway), a few sealed classes of the
// framework, sealed types and structs that carry [ImmutableObject(true)], and what the options declare. Types for which the options have a cloner are
// copied. Everything else is kept as bytes. The
// serializer is, in this order: an IHybridCacheSerializer<T> from the services, the first match of the IHybridCacheSerializerFactory services
// (the last registered asked first), plain copying for byte[], System.Text.Json.
internal sealed class ValueCodecs(string cacheName, CacheOptions options, IServiceProvider? services, ILogger logger)
{
    private const long NominalBytes = 1024; // what a value counts whose weight cannot be estimated

    private static readonly HashSet<Type> ImmutableClasses = [typeof(string), typeof(Uri), typeof(Version), typeof(TimeZoneInfo)];

    private readonly ConcurrentDictionary<Type, object> _codecs = new(); // as many as the program caches types
    private readonly JsonSerializerOptions _json = ReadOnly(options.SerializerOptions);

    private object? _latest; // most caches have few types

    public ValueCodec<T> Of<T>()
    {
        if (_latest is ValueCodec<T> latest)
        {
            return latest;
        }

        var codec = (ValueCodec<T>)_codecs.GetOrAdd(typeof(T), static (_, codecs) => codecs.Make<T>(), this);
        _latest = codec;
        return codec;
    }

    private static JsonSerializerOptions ReadOnly(JsonSerializerOptions given)
    {
        if (given.IsReadOnly)
        {
            return given;
        }

        var copy = new JsonSerializerOptions(given);
        copy.MakeReadOnly(populateMissingResolver: true);
        return copy;
    }

    private static bool IsImmutable(Type type)
    {
        if (ImmutableClasses.Contains(type))
        {
            return true;
        }

        type = Nullable.GetUnderlyingType(type) ?? type;
        return (type.IsSealed || type.IsValueType) && type.GetCustomAttribute<ImmutableObjectAttribute>() is { Immutable: true };
    }

    private ValueCodec<T> Make<T>()
    {
        var declared = options.ImmutableTypes.TryGetValue(typeof(T), out var weigher);
        var (clone, copyWeigher) = options.ClonedTypes.GetValueOrDefault(typeof(T));
        var isPlain = !RuntimeHelpers.IsReferenceOrContainsReferences<T>();
        var serializer = FindSerializer<T>();
        return new ValueCodec<T>(
            declared || isPlain || IsImmutable(typeof(T)), serializer, (Func<T, long>?)(weigher ?? copyWeigher) ?? Weigher(serializer, isPlain), (Func<T, T>?)clone,
            options.SchemaVersioning ? TypeShape.Fingerprint(typeof(T)) : 0);
    }

    /// <summary>What values of a type are written and read with.</summary>
    public IHybridCacheSerializer<T> FindSerializer<T>()
    {
        if (services?.GetService<IHybridCacheSerializer<T>>() is { } registered)
        {
            return registered;
        }

        foreach (var factory in services?.GetServices<IHybridCacheSerializerFactory>().Reverse() ?? [])
        {
            if (factory.TryCreateSerializer<T>(out var made))
            {
                return made;
            }
        }

        return typeof(T) == typeof(byte[]) ? (IHybridCacheSerializer<T>)(object)new BytesSerializer() : new LazyJson<T>(_json);
    }

    private Func<T, long> Weigher<T>(IHybridCacheSerializer<T> serializer, bool isPlain)
    {
        if (typeof(T) == typeof(string))
        {
            return value => 24 + (2L * ((string)(object)value!).Length);
        }

        if (typeof(T) == typeof(byte[]))
        {
            return value => 24 + ((byte[])(object)value!).LongLength;
        }

        if (isPlain)
        {
            var size = (long)Unsafe.SizeOf<T>();
            return _ => size;
        }

        var said = 0;
        return value =>
        {
            try
            {
                var counter = new CountingWriter();
                serializer.Serialize(value, counter);
                return counter.Count;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                if (Interlocked.Exchange(ref said, 1) == 0)
                {
                    Log.WeightUnknown(logger, e, cacheName, typeof(T).ToString(), NominalBytes);
                }

                return NominalBytes;
            }
        };
    }

    /// <summary>Looks the type up in the options when it is first needed: what is shared and weighed otherwise never needs it.</summary>
    private sealed class LazyJson<T>(JsonSerializerOptions json) : IHybridCacheSerializer<T>
    {
        private JsonValueSerializer<T>? _json;

        private JsonValueSerializer<T> Json => _json ??= new JsonValueSerializer<T>(json);

        public T Deserialize(System.Buffers.ReadOnlySequence<byte> source) => Json.Deserialize(source);

        public void Serialize(T value, System.Buffers.IBufferWriter<byte> target) => Json.Serialize(value, target);
    }
}
