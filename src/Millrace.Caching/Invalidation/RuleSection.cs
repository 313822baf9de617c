using Microsoft.Extensions.Configuration;

namespace Millrace.Caching.Invalidation;

// Reads rules from the configuration, section Millrace:Cache:Rules:
//
//   { "event": "payment.succeeded", "cache": "default", "keys": ["payment:history:{userId}"], "tags": [...], "patterns": ["user:{userId}:*"],
//     "regions": ["shop"], "everything": false, "confirmed": false }
//
// A region is everything under a name: the pattern NAME:*. Whatever is not understood is a failure that names the setting: a rule that does not do
// what its author meant leaves stale values behind.
internal static class RuleSection
{
    public const string Name = "Millrace:Cache:Rules";
    public const int MaximumEventLength = 128;

    private const int MaximumRules = 1000;
    private const int MaximumTemplates = 64;

    public static void Read(IConfiguration? configuration, IReadOnlyCollection<string> caches, DeclaredRules target)
    {
        var sections = configuration?.GetSection(Name).GetChildren().ToList() ?? [];
        if (sections.Count > MaximumRules)
        {
            target.Failures.Add($"{Name} has {sections.Count} rules; at most {MaximumRules} are allowed. Let rules cover more with tags or patterns.");
            return;
        }

        foreach (var section in sections)
        {
            Read(section, caches, target);
        }
    }

    /// <summary>Null where the name is one; else what is wrong with it, as the end of a sentence.</summary>
    public static string? CheckEventName(string? name) =>
        string.IsNullOrWhiteSpace(name) || name.Length > MaximumEventLength || name.Any(char.IsControl)
            ? $"the name of an event has 1 to {MaximumEventLength} characters, none of them control characters."
            : null;

    private static void Read(IConfigurationSection section, IReadOnlyCollection<string> caches, DeclaredRules target)
    {
        var failures = target.Failures.Count;
        var (eventName, cache) = ((string?)null, Cache.DefaultName);
        var (everything, confirmed) = (false, false);
        List<InvalidationTemplate> templates = [];
        foreach (var setting in section.GetChildren())
        {
            switch (setting.Key.ToUpperInvariant())
            {
                case "EVENT":
                    eventName = setting.Value;
                    break;
                case "CACHE":
                    cache = setting.Value ?? "";
                    break;
                case "KEYS":
                    ReadTemplates(setting, TemplateKind.Key, "", templates, target.Failures);
                    break;
                case "TAGS":
                    ReadTemplates(setting, TemplateKind.Tag, "", templates, target.Failures);
                    break;
                case "PATTERNS":
                    ReadTemplates(setting, TemplateKind.Pattern, "", templates, target.Failures);
                    break;
                case "REGIONS":
                    ReadTemplates(setting, TemplateKind.Pattern, ":*", templates, target.Failures);
                    break;
                case "EVERYTHING":
                    everything = ReadFlag(setting, target.Failures);
                    break;
                case "CONFIRMED":
                    confirmed = ReadFlag(setting, target.Failures);
                    break;
                default:
                    target.Failures.Add(
                        $"{setting.Path} is not known: a rule has event, cache, keys, tags, patterns, regions, everything and confirmed.");
                    break;
            }
        }

        if (CheckEventName(eventName) is { } fault)
        {
            target.Failures.Add($"{section.Path}:event is '{eventName}'; {fault}");
        }

        if (!caches.Contains(cache, StringComparer.OrdinalIgnoreCase))
        {
            target.Failures.Add(
                $"{section.Path}:cache is '{cache}', which is not registered. Registered: {string.Join(", ", caches.Order(StringComparer.Ordinal))}. "
                + "Register it with AddMillraceCache(\"NAME\"), or leave the setting out for the default cache.");
        }

        if (target.Failures.Count == failures && !everything && templates.Count == 0)
        {
            target.Failures.Add($"{section.Path} invalidates nothing: name keys, tags, patterns or regions, or set everything to true.");
        }

        if (target.Failures.Count == failures)
        {
            target.Rules.Add(new NamedRule(cache, eventName!, section.Path, everything, confirmed, [.. templates]));
        }
    }

    private static void ReadTemplates(
        IConfigurationSection setting, TemplateKind kind, string end, List<InvalidationTemplate> templates, List<string> failures)
    {
        var entries = setting.GetChildren().ToList();
        if (entries.Count == 0 && !string.IsNullOrEmpty(setting.Value))
        {
            failures.Add($"{setting.Path} is '{setting.Value}'; it is a list: [\"{setting.Value}\"].");
        }

        if (entries.Count > MaximumTemplates)
        {
            failures.Add($"{setting.Path} has {entries.Count} entries; at most {MaximumTemplates} are allowed. Use a tag or a pattern that covers them.");
            return;
        }

        foreach (var entry in entries)
        {
            if (InvalidationTemplate.TryParse(string.IsNullOrWhiteSpace(entry.Value) ? null : entry.Value + end, kind, out var error) is { } template)
            {
                templates.Add(template);
            }
            else
            {
                failures.Add($"{entry.Path} is '{entry.Value}'; it {error}.");
            }
        }
    }

    private static bool ReadFlag(IConfigurationSection setting, List<string> failures)
    {
        if (bool.TryParse(setting.Value, out var flag))
        {
            return flag;
        }

        failures.Add($"{setting.Path} is '{setting.Value}'; it must be true or false.");
        return false;
    }
}
