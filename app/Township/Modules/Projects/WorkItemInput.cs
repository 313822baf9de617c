namespace Township.Modules.Projects;

/// <summary>What a member fills in for a task. When editing, what is left null stays as it is.</summary>
internal sealed class WorkItemInput
{
    public const int MaximumTitle = 140;
    public const int MaximumDetails = 4000;

    public string? Title { get; set; }

    public string? Details { get; set; }

    public string? Status { get; set; }

    public string? Kind { get; set; }

    /// <summary>A member of the project's organisation; empty: nobody.</summary>
    public string? AssigneeId { get; set; }

    /// <summary>A calendar day; empty: none.</summary>
    public string? DueOn { get; set; }

    /// <summary>Fills in what was left out from <paramref name="before"/>, or the defaults of a new task, and checks the rest.</summary>
    public FieldErrors Validate(WorkItem? before)
    {
        var errors = new FieldErrors();
        Title = errors.Text(nameof(Title), "a title", Title ?? before?.Title, 3, MaximumTitle).Replace('\n', ' ');
        Details = errors.Text(nameof(Details), "details", Details ?? before?.Details, 0, MaximumDetails);
        Status ??= before?.Status ?? WorkStatus.ToDo;
        Kind ??= before?.Kind ?? WorkKinds.All[0];
        DueOn = errors.Day(nameof(DueOn), DueOn ?? before?.DueOn);
        AssigneeId ??= before?.AssigneeId;
        AssigneeId = AssigneeId is { Length: > 0 } ? AssigneeId : null;
        if (!WorkStatus.All.Contains(Status))
        {
            errors.Add(nameof(Status), "Choose to do, doing or done.");
        }

        if (!WorkKinds.All.Contains(Kind))
        {
            errors.Add(nameof(Kind), "Choose one of the kinds of work.");
        }

        if (AssigneeId is not null && !NewId.IsWellFormed(AssigneeId))
        {
            errors.Add(nameof(AssigneeId), "Choose a member of the organisation.");
        }

        return errors;
    }
}
