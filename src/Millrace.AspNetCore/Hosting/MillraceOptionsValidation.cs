using Microsoft.Extensions.Options;

namespace Millrace.AspNetCore.Hosting;

/// <summary>Names every fault of the options at once: what, where, the limit, the remedy.</summary>
internal sealed class MillraceOptionsValidation : IValidateOptions<MillraceOptions>
{
    internal const int MaximumSamples = 10_000;

    public ValidateOptionsResult Validate(string? name, MillraceOptions options)
    {
        List<string> faults = [];
        CheckPaths(options, faults);
        CheckPolicies(options, faults);
        CheckSizes(options, faults);
        CheckTimes(options, faults);
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static void CheckPaths(MillraceOptions options, List<string> faults)
    {
        (string Name, string Path)[] paths =
        [
            (nameof(options.ManagementPath), options.ManagementPath),
            (nameof(options.DashboardPath), options.DashboardPath),
            (nameof(options.HubPath), options.HubPath),
            (nameof(options.HealthPath), options.HealthPath),
        ];
        foreach (var (name, path) in paths)
        {
            if (!MillraceOptions.IsPath(path))
            {
                faults.Add($"Millrace:{name} is '{path}': it must be a path such as '/ops', start with '/', not end with '/', "
                    + "have at most 128 characters and no placeholders, query or spaces.");
            }
        }

        for (var i = 0; i < paths.Length; i++)
        {
            for (var j = i + 1; j < paths.Length; j++)
            {
                if (string.Equals(paths[i].Path, paths[j].Path, StringComparison.OrdinalIgnoreCase))
                {
                    faults.Add($"Millrace:{paths[i].Name} and Millrace:{paths[j].Name} are both '{paths[i].Path}': give each its own path.");
                }
            }
        }

        if (options is { MapDashboard: true, MapManagement: false })
        {
            faults.Add("Millrace:MapDashboard is true and Millrace:MapManagement is false: the dashboard draws from the management API; "
                + "map both or neither.");
        }
    }

    private static void CheckPolicies(MillraceOptions options, List<string> faults)
    {
        foreach (var (name, policy) in new[] { (nameof(options.ReadPolicy), options.ReadPolicy), (nameof(options.OperatePolicy), options.OperatePolicy) })
        {
            if (policy is not null && string.IsNullOrWhiteSpace(policy))
            {
                faults.Add($"Millrace:{name} is empty: name an authorization policy, or leave the setting out.");
            }
        }
    }

    private static void CheckSizes(MillraceOptions options, List<string> faults)
    {
        const long Mebibyte = 1024 * 1024;
        Range(faults, nameof(options.OutputCacheSizeBytes), options.OutputCacheSizeBytes, Mebibyte, 1024 * 1024 * Mebibyte);
        Range(faults, nameof(options.OutputCacheMaximumBodyBytes), options.OutputCacheMaximumBodyBytes, 1024, options.OutputCacheSizeBytes / 4);
        Range(faults, nameof(options.MaximumLiveStreams), options.MaximumLiveStreams, 1, 10_000);
        Range(faults, nameof(options.MaximumRequestBodyBytes), options.MaximumRequestBodyBytes, 1024, Mebibyte);
    }

    private static void CheckTimes(MillraceOptions options, List<string> faults)
    {
        Range(faults, nameof(options.HistoryInterval), options.HistoryInterval, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));
        Range(faults, nameof(options.LiveInterval), options.LiveInterval, TimeSpan.FromMilliseconds(250), TimeSpan.FromMinutes(1));
        Range(faults, nameof(options.QueryTimeout), options.QueryTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));
        Range(faults, nameof(options.HistoryLength), options.HistoryLength, TimeSpan.FromMinutes(1), TimeSpan.FromDays(7));
        if (options.HistoryInterval > TimeSpan.Zero && options.HistoryLength / options.HistoryInterval > MaximumSamples)
        {
            faults.Add($"Millrace:HistoryLength {options.HistoryLength} at Millrace:HistoryInterval {options.HistoryInterval} needs more than "
                + $"{MaximumSamples} samples: sample less often or keep a shorter history.");
        }
    }

    private static void Range<T>(List<string> faults, string name, T value, T least, T most)
        where T : IComparable<T>
    {
        if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
        {
            faults.Add($"Millrace:{name} is {value}: it must be from {least} to {most}.");
        }
    }
}
