namespace Township.Modules.Voting;

/// <summary>What a resident fills in to ask a question.</summary>
internal sealed class QuestionInput
{
    public const int MaximumTitle = 140;
    public const int MaximumDetails = 2000;
    public const int MaximumOption = 80;
    public const int MaximumOptions = 8;
    public const int MaximumDays = 90;

    public string? Title { get; set; }

    public string? Details { get; set; }

    /// <summary>Two to eight answers; empty ones are left out.</summary>
    public List<string?> Options { get; set; } = [];

    /// <summary>How long it stays open, from now.</summary>
    public int? Days { get; set; } = 7;

    /// <summary>Only members of this organisation vote; empty: the whole town.</summary>
    public string? OrganisationId { get; set; }

    public FieldErrors Validate()
    {
        var errors = new FieldErrors();
        Title = errors.Text(nameof(Title), "the question", Title, 8, MaximumTitle).Replace('\n', ' ');
        Details = errors.Text(nameof(Details), "details", Details, 0, MaximumDetails);
        OrganisationId = OrganisationId is { Length: > 0 } ? OrganisationId : null;
        if (OrganisationId is not null && !NewId.IsWellFormed(OrganisationId))
        {
            errors.Add(nameof(OrganisationId), "Choose an organisation you belong to, or the whole town.");
        }

        if (Days is not (>= 1 and <= MaximumDays))
        {
            errors.Add(nameof(Days), $"Choose 1 to {MaximumDays} days.");
        }

        ValidateOptions(errors);
        return errors;
    }

    private void ValidateOptions(FieldErrors errors)
    {
        List<string?> given = [.. (Options ?? []).Take(100).Where(static option => !string.IsNullOrWhiteSpace(option))];
        if (given.Count is < 2 or > MaximumOptions)
        {
            errors.Add(nameof(Options), $"Give 2 to {MaximumOptions} answers.");
            return;
        }

        Options = [.. given.Select(option => errors.Text(nameof(Options), "an answer", option, 1, MaximumOption).Replace('\n', ' '))];
        if (Options.Distinct(StringComparer.OrdinalIgnoreCase).Count() < Options.Count)
        {
            errors.Add(nameof(Options), "Two answers are the same.");
        }
    }
}
