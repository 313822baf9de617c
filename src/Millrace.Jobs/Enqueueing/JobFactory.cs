using System.Collections.ObjectModel;
using Microsoft.Extensions.Options;
using Millrace.Jobs.Payloads;

namespace Millrace.Jobs.Enqueueing;

/// <summary>Makes stored jobs from .NET objects: the enqueue's wish, else the type's default, else the engine's.</summary>
internal sealed class JobFactory(JobRegistry registry, IOptions<JobsOptions> options, PayloadCoding coding, TimeProvider clock)
{
    private readonly JobsOptions _options = options.Value;
    private readonly JobIds _ids = new();

    public NewJob Create(object job, EnqueueOptions wish)
    {
        var registration = registry.Get(job);
        var defaults = registration.Defaults;
        return new NewJob
        {
            Id = wish.IdValue ?? NewId(),
            Queue = wish.QueueValue ?? defaults.Queue ?? JobsOptions.DefaultQueue,
            Type = registration.Name,
            Payload = Serialize(registration, job),
            Priority = wish.PriorityValue ?? defaults.Priority,
            MaxAttempts = wish.MaxAttemptsValue ?? defaults.MaxAttempts ?? _options.MaxAttempts,
            Timeout = wish.TimeoutValue ?? defaults.Timeout ?? _options.Timeout,
            Tags = Tags(defaults.Tags, wish.Tags),
            Metadata = Executing.JobTraces.Add(defaults.Versions.Mark(wish.MetadataValue)) ?? ReadOnlyDictionary<string, string>.Empty,
            Unique = wish.UniqueValue,
            Group = wish.GroupValue ?? (defaults.GroupValue?.Invoke(job) is { } group ? JobValidation.Name(group, "group") : null),
            Delay = wish.DelayValue,
            At = wish.AtValue is { } at ? new DateTimeOffset(at.Ticks - (at.Ticks % TimeSpan.TicksPerMillisecond), TimeSpan.Zero) : null,
        };
    }

    /// <summary>A new id that sorts by time.</summary>
    public string NewId() => _ids.New(clock.GetUtcNow());

    private ReadOnlyMemory<byte> Serialize(JobRegistration registration, object job)
    {
        var payload = coding.Encode(registration.Name, registration.Serialize(job, _options.Json));
        if (payload.Length > _options.MaximumPayloadBytes)
        {
            throw new ArgumentException($"A job of type '{registration.Name}' has a payload of {payload.Length} bytes; the limit is {_options.MaximumPayloadBytes} (JobsOptions.MaximumPayloadBytes). Store the data elsewhere and enqueue its key.", nameof(job));
        }

        return payload;
    }

    private static IReadOnlyList<string> Tags(IReadOnlyList<string> defaults, IReadOnlyList<string> wish)
    {
        if (wish.Count == 0)
        {
            return defaults;
        }

        var tags = new List<string>(defaults);
        foreach (var tag in wish)
        {
            JobValidation.AddTag(tags, tag);
        }

        return tags;
    }
}
