// The way into a class, and the class: who am I here, then try-out, lobby, class, and the ways out.

import { useEffect, useState } from 'preact/hooks';

import { myInvitation } from '../../api/calls';
import type { Answer } from '../../api/http';
import { isBusy, keepAsking } from '../../api/keep-asking';
import type { ClassId, MyInvitation } from '../../protocol/types';
import type { Place } from '../../state/class';
import { words } from '../../text/text';
import { LobbyPage } from '../lobby/page';
import { ClassRefusedPage, InvitationNeededPage, PlainPage, TroublePage } from '../plain/pages';
import { BusyPage } from '../queue/busy';
import { QueuePage } from '../queue/page';
import { TryoutPage } from '../tryout/page';
import { Attendance, AttendanceContext, useAttendance } from './attendance';
import { EndingPage } from './ending';
import { ClassPage } from './page';
import { StillThere } from './still-there';
import './class.css';
import './panel.css';
import '../tryout/tryout.css';
import '../lobby/lobby.css';
import '../queue/queue.css';

export function ClassFlow({ classId }: { classId: ClassId }) {
  const [answer, setAnswer] = useState<Answer<MyInvitation> | null>(null);
  const load = () => {
    setAnswer(null);
    void myInvitation(classId).then(setAnswer);
  };
  useEffect(() => keepAsking(() => myInvitation(classId), setAnswer), [classId]);
  if (answer === null) return <WaitPage title={words().lobby.connecting} />;
  if (answer.ok) return <Attending classId={classId} invitation={answer.value} />;
  if (isBusy(answer.fault)) return <BusyPage title={words().queue.busy.title(false)} familiar={false} />;
  switch (answer.fault.code) {
    case 'not_authenticated':
      return <InvitationNeededPage />;
    case 'not_allowed':
    case 'not_found':
      return <ClassRefusedPage />;
    default:
      return <TroublePage fault={answer.fault} again={load} />;
  }
}

function Attending({ classId, invitation }: { classId: ClassId; invitation: MyInvitation }) {
  const [attendance, setAttendance] = useState<Attendance | null>(null);
  useEffect(() => {
    const made = new Attendance(classId, invitation);
    setAttendance(made);
    return () => made.close();
  }, [classId, invitation]);
  if (attendance === null) return null;
  return (
    <AttendanceContext.Provider value={attendance}>
      <Whereabouts />
    </AttendanceContext.Provider>
  );
}

/** One page for each place in which somebody can be. */
function Whereabouts() {
  const attendance = useAttendance();
  const { place } = attendance.state;
  if (!attendance.entered.value) return <TryoutPage />;
  return (
    <>
      <PlacePage place={place} />
      <StillThere />
    </>
  );
}

function PlacePage({ place }: { place: Place }) {
  const attendance = useAttendance();
  switch (place.at) {
    case 'connecting':
      return attendance.state.link === 'lost' ? (
        <BusyPage title={attendance.invitation.class.title} familiar={attendance.familiar} />
      ) : (
        <WaitPage title={attendance.invitation.class.title} />
      );
    case 'queued':
      return <QueuePage queue={place.queue} />;
    case 'waiting':
      return <LobbyPage standing={place.standing} />;
    case 'seated':
      return <ClassPage />;
    case 'gone':
      return <EndingPage ending={place.ending} requestId={place.requestId} />;
  }
}

function WaitPage({ title }: { title: string }) {
  return (
    <PlainPage title={title}>
      <p class="loading">{words().common.loading}</p>
    </PlainPage>
  );
}
