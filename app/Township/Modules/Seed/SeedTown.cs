using System.Globalization;
using Township.Modules.Projects;

namespace Township.Modules.Seed;

/// <summary>
/// The example town: 2,000 residents, 60 organisations, 500 projects, 10,000 tasks, 200 questions with their votes. The same
/// for the same anchor. Few organisations, projects and questions are busy and most are quiet (Zipf).
/// </summary>
internal sealed class SeedTown
{
    public const int Residents = 2000;
    public const int OrganisationCount = 60;
    public const int ProjectCount = 500;
    public const int TaskCount = 10_000;
    public const int QuestionCount = 200;

    private const long Day = 86_400_000;
    private const long Hour = 3_600_000;

    private readonly SeedRandom _random = new(20_261_120);
    private readonly long _anchor;
    private readonly string? _demoResident;
    private readonly List<Group> _groups = [];

    private readonly SeedTable _users = new(
        "users", "id", "email", "email_key", "name", "role", "bio", "notify_by_email", "confirmed_at", "created_at");

    private readonly SeedTable _organisations = new(
        "organisations", "id", "name", "name_key", "summary", "category", "is_open", "created_by", "created_at");

    private readonly SeedTable _members = new("organisation_members", "organisation_id", "user_id", "role", "joined_at");

    private readonly SeedTable _projects = new(
        "projects", "id", "organisation_id", "name", "summary", "category", "status", "is_private", "due_on", "created_by",
        "created_at", "updated_at");

    private readonly SeedTable _tasks = new(
        "tasks", "id", "project_id", "title", "details", "status", "kind", "assignee_id", "due_on", "created_by", "created_at",
        "updated_at", "completed_at");

    private readonly SeedTable _documents = new(
        "search_documents", "kind", "id", "project_id", "organisation_id", "title", "context", "words", "updated_at");

    private readonly SeedTable _questions = new(
        "questions", "id", "organisation_id", "title", "details", "opens_at", "closes_at", "closed_at", "created_by", "created_at");

    private readonly SeedTable _options = new("question_options", "id", "question_id", "position", "label");

    private readonly SeedTable _votes = new("votes", "question_id", "user_id", "option_id", "cast_at", "changed_at");

    private SeedTown(DateOnly anchor, string? demoResident)
    {
        _anchor = new DateTimeOffset(anchor, TimeOnly.MinValue, TimeSpan.Zero).ToUnixTimeMilliseconds();
        _demoResident = demoResident;
    }

    /// <summary>Tells the town from a day.</summary>
    /// <param name="anchor">Everything happened before this day; open votes end after it.</param>
    /// <param name="demoResident">A user who exists and shall have organisations, tasks and votes of his own; null: nobody.</param>
    /// <returns>The tables in the order they can be written.</returns>
    public static IReadOnlyList<SeedTable> Tell(DateOnly anchor, string? demoResident)
    {
        var town = new SeedTown(anchor, demoResident);
        town.TellUsers();
        town.TellOrganisations();
        town.TellProjects();
        town.TellQuestions();
        return
        [
            town._users, town._organisations, town._members, town._projects, town._tasks, town._documents, town._questions,
            town._options, town._votes,
        ];
    }

    private void TellUsers()
    {
        for (var i = 0; i < Residents; i++)
        {
            var name = $"{_random.Pick(SeedWords.FirstNames)} {_random.Pick(SeedWords.Surnames)}";
            var email = $"{SearchQuery.Fold(name).Replace("'", "").Replace(' ', '.')}.{i + 1}@township.example";
            var created = _anchor - (_random.Between(20, 900) * Day);
            _users.Add(User(i), email, email, name, "resident", $"Lives near {_random.Pick(SeedWords.Places)}.", false, created, created);
        }
    }

    private void TellOrganisations()
    {
        var sizes = new ZipfSampler(OrganisationCount, 0.9).Split(3600, 8);
        var names = new HashSet<string>();
        for (var i = 0; i < OrganisationCount; i++)
        {
            var topic = SeedTopics.All[i % SeedTopics.All.Length];
            string place;
            string name;
            do
            {
                place = _random.Pick(SeedWords.Places);
                name = Fill(_random.Pick(topic.Organisations), place);
            }
            while (!names.Add(name));

            var created = _anchor - (_random.Between(420, 900) * Day);
            var group = new Group($"o{i + 1}", name, topic, place, created, PickMembers(i, sizes[i]));
            _groups.Add(group);
            _organisations.Add(
                group.Id, name, name.ToLowerInvariant(), Fill(topic.Purpose, place), topic.Category, !_random.Chance(0.2),
                group.Members[0], created);
            TellMembers(group);
        }
    }

    private void TellMembers(Group group)
    {
        var managers = 1 + Math.Min(2, group.Members.Count / 40);
        for (var m = 0; m < group.Members.Count; m++)
        {
            var demo = group.Members[m] == _demoResident;
            var role = m < managers && (!demo || m == 0) ? "manager" : "member";
            _members.Add(
                group.Id, group.Members[m], role, m == 0 ? group.CreatedAt : group.CreatedAt + (_random.Between(1, 400) * Day));
        }
    }

    // The demo resident leads two organisations and belongs to three others, so that the first look is a rich one.
    private List<string> PickMembers(int organisation, int size)
    {
        var members = new List<string>(size + 1);
        var taken = new HashSet<string>();
        if (_demoResident is not null && organisation is 0 or 9)
        {
            members.Add(_demoResident!);
        }

        while (members.Count < size)
        {
            var user = User(_random.Below(Residents));
            if (taken.Add(user))
            {
                members.Add(user);
            }
        }

        if (_demoResident is not null && organisation is 3 or 13 or 22)
        {
            members.Insert(2, _demoResident!);
        }

        return members;
    }

    private void TellProjects()
    {
        var perGroup = new ZipfSampler(OrganisationCount, 0.6).Split(ProjectCount, 2);
        var perProject = Shuffled(new ZipfSampler(ProjectCount, 0.62).Split(TaskCount, 4), keepFirst: 3);
        var project = 0;
        var task = 0;
        for (var g = 0; g < _groups.Count; g++)
        {
            var names = new HashSet<string>();
            for (var i = 0; i < perGroup[g]; i++, project++)
            {
                TellProject(_groups[g], project, names, perProject[project], ref task);
            }
        }
    }

    private void TellProject(Group group, int number, HashSet<string> names, int tasks, ref int task)
    {
        var id = $"p{number + 1}";
        var place = _random.Chance(0.4) ? group.Place : _random.Pick(SeedWords.Places);
        var name = Fill(_random.Pick(group.Topic.Projects), place);
        for (var phase = 2; !names.Add(name); phase++)
        {
            name = $"{name.Split(" (")[0]} (part {phase})";
        }

        var summary = $"{name.Split(" (")[0]}, by {group.Name}. {_random.Pick(SeedWords.Reasons)}";
        var status = (number < 3 ? 0 : _random.Fraction()) switch
        {
            < 0.70 => ProjectStatus.Active,
            < 0.82 => ProjectStatus.Paused,
            _ => ProjectStatus.Completed,
        };
        var isPrivate = number > 2 && _random.Chance(0.12);
        var age = 10 + (int)(390 * _random.Fraction() * _random.Fraction());
        var created = _anchor - (age * Day) + (_random.Between(7, 20) * Hour);
        var due = _random.Chance(0.5) ? DayText(_anchor + (_random.Between(-20, 120) * Day)) : null;
        var team = Team(group);
        _projects.Add(
            id, group.Id, name, summary, group.Topic.Category, status, isPrivate, due, team[0], created, created);
        _documents.Add(
            "project", id, id, group.Id, name, group.Name, SearchStore.Words(name, group.Name, summary), created);
        for (var i = 0; i < tasks; i++, task++)
        {
            TellTask(group, new ProjectPlan(id, name, status, place, age, team), task);
        }
    }

    private void TellTask(Group group, ProjectPlan project, int number)
    {
        var id = $"t{number + 1}";
        var title = Fill(_random.Chance(0.7) ? _random.Pick(group.Topic.Tasks) : _random.Pick(SeedWords.GeneralTasks), project.Place);
        var details = _random.Chance(0.45) ? _random.Pick(SeedWords.TaskNotes) : "";
        var share = _random.Fraction();
        // Busier towards today; what is completed had its last task a while ago.
        var reach = project.Status == ProjectStatus.Completed ? 0.35 + (0.65 * share) : share * share;
        var created = _anchor - (long)(project.Age * reach * Day) - (_random.Between(1, 12) * Hour);
        var wait = (long)((0.3 + (18 * _random.Fraction() * _random.Fraction())) * Day);
        if (project.Status == ProjectStatus.Completed)
        {
            wait = Math.Min(wait, (_anchor - created) * 9 / 10);
        }

        var chance = project.Status switch
        {
            ProjectStatus.Completed => 1.0,
            ProjectStatus.Paused => 0.35,
            _ => 0.62,
        };
        var isDone = _random.Chance(chance) && (project.Status == ProjectStatus.Completed || created + wait < _anchor);
        var completed = isDone ? Math.Min(created + wait, _anchor - Hour) : (long?)null;
        var status = isDone ? WorkStatus.Done : _random.Chance(0.35) ? WorkStatus.Doing : WorkStatus.ToDo;
        var assignee = _random.Chance(isDone ? 0.9 : 0.65)
            ? project.Team[(int)(project.Team.Count * _random.Fraction() * _random.Fraction())]
            : null;
        var due = !isDone && _random.Chance(0.4) ? DayText(_anchor + (_random.Between(-6, 40) * Day)) : null;
        var updated = completed ?? Math.Min(created + (_random.Between(0, 4) * Day), _anchor - Hour);
        _tasks.Add(
            id, project.Id, title, details, status, WorkKinds.All[KindOf(title)], assignee, due, _random.Pick(project.Team),
            created, updated, completed);
        _documents.Add(
            "task", id, project.Id, group.Id, title, project.Name, SearchStore.Words(title, project.Name, details), updated);
    }

    private void TellQuestions()
    {
        var turnout = Shuffled(new ZipfSampler(QuestionCount, 0.7).Split(22_000, 12), keepFirst: 0);
        for (var i = 0; i < QuestionCount; i++)
        {
            TellQuestion(i, turnout[i]);
        }
    }

    private void TellQuestion(int number, int turnout)
    {
        var id = $"q{number + 1}";
        var open = number >= QuestionCount - 36;
        var group = _random.Chance(0.4) ? _groups[(int)(_groups.Count * _random.Fraction() * _random.Fraction())] : null;
        var text = SeedTopics.Questions[number % SeedTopics.Questions.Length];
        var place = group?.Place ?? SeedWords.Places[(number * 7) % SeedWords.Places.Length];
        var opens = open
            ? _anchor - (_random.Between(1, 12) * Day) - (_random.Between(1, 12) * Hour)
            : _anchor - (_random.Between(30, 400) * Day);
        var closes = open
            ? _anchor + (_random.Between(2, 45) * Day) + (_random.Between(8, 20) * Hour)
            : opens + (_random.Between(5, 21) * Day);
        var voters = Voters(group?.Members, turnout);
        _questions.Add(
            id, group?.Id, Fill(text.Title, place), text.Details, opens, closes, open ? null : closes,
            _random.Pick(voters), opens);
        var weights = new double[text.Options.Length];
        for (var o = 0; o < weights.Length; o++)
        {
            _options.Add($"{id}-{o + 1}", id, (long)o, text.Options[o]);
            weights[o] = 0.15 + _random.Fraction();
        }

        var last = Math.Min(closes, _anchor);
        foreach (var voter in voters)
        {
            var cast = opens + (long)((last - opens) * _random.Fraction());
            _votes.Add(id, voter, $"{id}-{Weighted(weights) + 1}", cast, cast);
        }
    }

    private List<string> Voters(List<string>? members, int turnout)
    {
        var pool = members?.Where(member => member != _demoResident).ToArray() ?? [.. Enumerable.Range(0, Residents).Select(User)];
        var count = Math.Min(turnout, Math.Max(1, pool.Length * 9 / 10));
        for (var i = 0; i < count; i++)
        {
            var other = i + _random.Below(pool.Length - i);
            (pool[i], pool[other]) = (pool[other], pool[i]);
        }

        return [.. pool.AsSpan(0, count)];
    }

    private int Weighted(double[] weights)
    {
        var point = _random.Fraction() * weights.Sum();
        for (var i = 0; i < weights.Length - 1; i++)
        {
            point -= weights[i];
            if (point < 0)
            {
                return i;
            }
        }

        return weights.Length - 1;
    }

    private List<string> Team(Group group)
    {
        var size = Math.Min(group.Members.Count, _random.Between(3, 9));
        var team = new List<string>(size);
        if (group.Members.IndexOf(_demoResident ?? "") is >= 0 and < 3 && _random.Chance(0.6))
        {
            team.Add(_demoResident!);
        }

        while (team.Count < size)
        {
            var member = _random.Pick(group.Members);
            if (!team.Contains(member))
            {
                team.Add(member);
            }
        }

        return team;
    }

    // Shuffled, but for the first few, which stay the busiest: they belong to the demo resident's organisation.
    private int[] Shuffled(int[] values, int keepFirst)
    {
        for (var i = values.Length - 1; i > keepFirst; i--)
        {
            var other = keepFirst + _random.Below(i - keepFirst + 1);
            (values[i], values[other]) = (values[other], values[i]);
        }

        return values;
    }

    private static int KindOf(string title) => title switch
    {
        _ when title.StartsWith("Order", StringComparison.Ordinal) || title.StartsWith("Print", StringComparison.Ordinal) => 2,
        _ when title.StartsWith("Recruit", StringComparison.Ordinal) || title.StartsWith("Call", StringComparison.Ordinal)
            || title.StartsWith("Find", StringComparison.Ordinal) || title.StartsWith("Thank", StringComparison.Ordinal) => 3,
        _ when title.StartsWith("Pay", StringComparison.Ordinal) || title.Contains("grant", StringComparison.Ordinal)
            || title.Contains("price", StringComparison.Ordinal) || title.Contains("collection", StringComparison.Ordinal) => 4,
        _ when title.StartsWith("Write", StringComparison.Ordinal) || title.StartsWith("Send", StringComparison.Ordinal)
            || title.StartsWith("Reply", StringComparison.Ordinal) || title.StartsWith("Update", StringComparison.Ordinal) => 5,
        _ when title.StartsWith("Plan", StringComparison.Ordinal) || title.StartsWith("Book", StringComparison.Ordinal)
            || title.StartsWith("Draw", StringComparison.Ordinal) || title.StartsWith("Move", StringComparison.Ordinal) => 1,
        _ => 0,
    };

    private static string User(int index) => $"u{(index + 1).ToString(CultureInfo.InvariantCulture)}";

    private static string Fill(string pattern, string place) => pattern.Replace("{place}", place);

    private static string DayText(long milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private sealed record Group(string Id, string Name, SeedTopic Topic, string Place, long CreatedAt, List<string> Members);

    private sealed record ProjectPlan(
        string Id, string Name, string Status, string Place, int Age, List<string> Team);
}
